import { errorMonitor } from 'node:events';
import { isMainThread } from 'node:worker_threads';
import { processWide } from '@plimsoll/memory';
import { holdSentinel } from '../sentinel/sentinel-words.ts';

/** Longest wait at V8's limit for a sentinel to disconnect, on a machine that has much else to do. */
const SENTINEL_WAIT_MS = 1000;
const nobody = new Int32Array(new SharedArrayBuffer(4));

interface WorkerLike {
  readonly threadId: number;
  once(event: 'exit', listener: (exitCode: number) => void): unknown;
  /** Hears of the error and leaves it to its owner, handled or not. */
  once(event: typeof errorMonitor, listener: (error: unknown) => void): unknown;
}

/** How a worker ended. */
export interface WorkerEnd {
  readonly threadId: number;
  readonly exitCode: number;
  /** Its owner was given `ERR_WORKER_OUT_OF_MEMORY`. */
  readonly isOutOfMemory: boolean;
}

/** Called when a worker of this thread has ended. Must not throw. */
export type WorkerEndListener = (end: WorkerEnd) => void;

interface LiveWorkers {
  readonly all: Set<WorkerLike>;
  /** Threads of ours, whose sessions are known by other means. */
  readonly own: WeakSet<WorkerLike>;
  readonly listeners: Set<WorkerEndListener>;
}

function liveWorkers(): LiveWorkers {
  return processWide('live-workers', follow);
}

/**
 * Counts the worker threads that this thread has started and that have not ended, but for the guard's own. A worker can hold an inspector session on this thread, and V8 then
 * waits for that session after a pause: with no worker there is nobody to wait for. Call it early: workers started before the first call are not seen.
 */
export function liveWorkerCount(): number {
  return liveWorkers().all.size;
}

/** Tells `listener` of every worker of this thread that ends, the guard's own apart, until the result is disposed. Workers started before the first call are not seen. */
export function followWorkers(listener: WorkerEndListener): Disposable {
  const { listeners } = liveWorkers();
  listeners.add(listener);
  return { [Symbol.dispose]: () => void listeners.delete(listener) };
}

/** Leaves a thread of ours out of what is counted and told. Call it in the tick that starts the thread. */
export function claimOwnWorker(worker: object): void {
  liveWorkers().own.add(worker as WorkerLike);
}

/** Node emits `worker` in the tick after a worker was constructed. */
function follow(): LiveWorkers {
  const state: LiveWorkers = { all: new Set(), own: new WeakSet(), listeners: new Set() };
  process.on('worker', (worker: WorkerLike) => {
    if (state.own.has(worker)) return;
    const { threadId } = worker;
    state.all.add(worker);
    let isOutOfMemory = false;
    worker.once(errorMonitor, (error) => {
      isOutOfMemory = (error as NodeJS.ErrnoException | undefined)?.code === 'ERR_WORKER_OUT_OF_MEMORY';
    });
    worker.once('exit', (exitCode) => {
      state.all.delete(worker);
      for (const listener of state.listeners) listener({ threadId, exitCode, isOutOfMemory });
    });
  });
  return state;
}

/** True when a pause of this thread ends when we say so: no inspector port, no worker that could hold a session, no sentinel that is connected, and not itself a worker. */
export function canEndPause(isPortOpen: boolean): boolean {
  return isMainThread && !isPortOpen && liveWorkerCount() === 0 && waitForSentinel();
}

/** A sentinel that is connected is done in a moment: what it asks of this thread is answered between two turns of the loop. False when it is connected still. */
function waitForSentinel(): boolean {
  const untilMs = performance.now() + SENTINEL_WAIT_MS;
  do {
    if (holdSentinel()) return true;
    Atomics.wait(nobody, 0, 0, 1);
  } while (performance.now() < untilMs);
  return false;
}
