import { isMainThread } from 'node:worker_threads';
import { processWide } from '@plimsoll/memory';

interface WorkerLike {
  once(event: 'exit', listener: () => void): unknown;
}

interface LiveWorkers {
  readonly all: Set<WorkerLike>;
}

/**
 * Counts the worker threads that this thread has started and that have not ended. A worker can hold an inspector session on this thread, and V8 then waits for that session
 * after a pause: with no worker there is nobody to wait for. Call it early: workers started before the first call are not seen.
 */
export function liveWorkerCount(): number {
  return processWide('live-workers', follow).all.size;
}

function follow(): LiveWorkers {
  const all = new Set<WorkerLike>();
  process.on('worker', (worker: WorkerLike) => {
    all.add(worker);
    worker.once('exit', () => void all.delete(worker));
  });
  return { all };
}

/** True when a pause of this thread ends when we say so: no inspector port, no worker that could hold a session, and not itself a worker. */
export function canEndPause(isPortOpen: boolean): boolean {
  return isMainThread && !isPortOpen && liveWorkerCount() === 0;
}
