import { liveWorkerCount } from '@plimsoll/inspect';
import { journal } from '@plimsoll/memory';
import type { GuardLog } from '../log/guard-log.ts';
import type { IsolateWords } from './isolate-words.ts';

/** Workers are counted this often until there was something to say. */
const everyMs = 1000;
/** A worker that starts has not called the guard yet: so many counts in a row must agree. */
const agreeing = 5;

/** Says once in a life that workers run without the guard: what their heaps hold is in no file, and counts as native memory. They are left alone. */
export class UnguardedWorkers {
  readonly #log: GuardLog;
  readonly #words: IsolateWords;
  #isTold = false;
  #countedAtMs = Number.NEGATIVE_INFINITY;
  #seenCount = 0;

  constructor(log: GuardLog, words: IsolateWords) {
    this.#log = log;
    this.#words = words;
  }

  /** One tick; a few µs once a second. Never throws. */
  tick(monotonicMs: number): void {
    if (this.#isTold || monotonicMs - this.#countedAtMs < everyMs) return;
    this.#countedAtMs = monotonicMs;
    const unguardedCount = liveWorkerCount() - this.#words.claimedCount();
    this.#seenCount = unguardedCount > 0 ? this.#seenCount + 1 : 0;
    if (this.#seenCount < agreeing) return;
    this.#isTold = true;
    journal().write('guard', 'workers-unguarded', { unguardedCount });
    const which = unguardedCount === 1 ? 'One worker thread runs' : `${unguardedCount} worker threads run`;
    this.#log.write(
      'degraded',
      `${which} without the guard: started with execArgv: [] or before it, or one of more than 64. What such a heap holds counts as native memory and is named by no evidence. ` +
        "Let the worker inherit execArgv, or call start() of '@plimsoll/watchdog' in it.",
      { unguardedCount },
    );
  }
}
