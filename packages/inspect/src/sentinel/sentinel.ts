import { Worker } from 'node:worker_threads';
import { forgetProcessWide, journal, peekProcessWide, processWide } from '@plimsoll/memory';
import { isInspectorPortOpen, openInspector } from '../inspector/inspector.ts';
import { claimOwnWorker } from '../near-limit/live-workers.ts';
import { sentinelThread } from './sentinel-thread.ts';
import { SentinelWords, sentinelWordsSlot } from './sentinel-words.ts';

/** Where the thread finds the function it has the main thread call. */
const hookKey = 'plimsoll.sentinel';
/** The isolate of the thread: what Node itself needs is 4–5 MB. */
const resourceLimits = Object.freeze({
  maxOldGenerationSizeMb: 12,
  maxYoungGenerationSizeMb: 1,
  stackSizeMb: 1,
});
/** At the end of the process a question that is under way is waited for this long. */
const endWithinMs = 250;

/** How {@link startSentinel} watches. */
export interface SentinelOptions {
  /** Memory the process may use: growth is judged by its share of it. */
  readonly limitBytes: number;
  /**
   * Called on the main thread when it has been silent while memory grew, in the middle of whatever it is doing. Must run no code of the service, and nothing that the
   * interrupted code may be in the middle of. A throw is dropped.
   */
  readonly look: () => void;
}

/** A thread that sees a blocked event loop and has the main thread look all the same. */
export interface Sentinel {
  /** Times it has had the main thread look. */
  readonly lookCount: number;
  /** The main thread has looked by itself, with `residentBytes` resident, and will look again within `withinMs`. For each tick: 2 µs. */
  beat(withinMs: number, residentBytes: number): void;
  /** Ends the thread; at the end of the process too, so that nothing is connected then. Never throws. */
  end(): void;
}

/**
 * Starts the sentinel of this process: about 10 to 20 MB and 0.1 % of a core. It does not keep the process alive. A sentence says why there is none: no inspector, no leave to
 * start threads. Never throws.
 */
export function startSentinel(options: SentinelOptions): Sentinel | string {
  const { available, unavailableReason } = openInspector();
  if (!available) return unavailableReason ?? 'There is no inspector.';
  if (peekProcessWide(sentinelWordsSlot) !== undefined) return 'There is a sentinel already.';
  try {
    return new SentinelWorker(options);
  } catch (error) {
    forgetProcessWide(sentinelWordsSlot);
    return error instanceof Error ? error.message : 'No thread can be started.';
  }
}

class SentinelWorker implements Sentinel {
  readonly #words = processWide(sentinelWordsSlot, () => new SentinelWords());
  readonly #worker: Worker;
  #hasEnded = false;

  constructor({ limitBytes, look }: SentinelOptions) {
    this.#words.beat(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, isInspectorPortOpen());
    Object.defineProperty(globalThis, Symbol.for(hookKey), {
      value: () => this.#look(look),
      enumerable: false,
      configurable: true,
    });
    this.#worker = new Worker(sentinelThread, {
      eval: true,
      name: 'plimsoll-sentinel',
      // Nothing of the service's start belongs in this thread: no preload, no environment.
      execArgv: [],
      env: {},
      trackUnmanagedFds: false,
      resourceLimits,
      workerData: {
        buffer: this.#words.buffer,
        expression: `void globalThis[Symbol.for('${hookKey}')]?.()`,
        limitBytes,
      },
    });
    claimOwnWorker(this.#worker);
    this.#worker.unref();
    // Without this listener an error of the thread would be one of the service.
    this.#worker.on('error', (error) => this.#failed(error));
  }

  get lookCount(): number {
    return this.#words.lookCount;
  }

  beat(withinMs: number, residentBytes: number): void {
    this.#words.beat(withinMs, residentBytes, isInspectorPortOpen());
  }

  end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#words.end();
    Reflect.deleteProperty(globalThis, Symbol.for(hookKey));
    // A session that is connected when the process ends makes Node wait for it, and say so. Each turn lets V8 carry out what the session has asked for.
    const untilMs = performance.now() + endWithinMs;
    while (!this.#words.hold() && performance.now() < untilMs);
    forgetProcessWide(sentinelWordsSlot);
    void this.#worker.terminate();
  }

  #look(look: () => void): void {
    if (this.#hasEnded) return;
    this.#words.countLook();
    try {
      look();
    } catch (error) {
      journal().write('inspect', 'sentinel-look-failed', {
        error: error instanceof Error ? error.name : 'unknown',
      });
    }
    this.beat(0, process.memoryUsage.rss());
  }

  #failed(error: unknown): void {
    journal().write('inspect', 'sentinel-ended', {
      reason: error instanceof Error ? error.message : 'unknown',
    });
    this.end();
  }
}
