import { journal, type MemorySample, registerWorkerHeap } from '@plimsoll/memory';
import type { GuardLog } from '../log/guard-log.ts';
import { IsolateEnds } from './isolate-ends.ts';
import { IsolateRoom } from './isolate-room.ts';
import { type IsolateRow, IsolateWords } from './isolate-words.ts';
import { UnguardedWorkers } from './unguarded-workers.ts';
import { offerWorkerTerms, type WorkerTerms } from './worker-terms.ts';

/** A worker is asked for evidence when its heap is so much of the limit of the process, and larger than that of the main thread. */
const askedRatio = 0.25;
/** The same worker is asked again after this time at the earliest. */
const askEveryMs = 60_000;

/** The worker isolates of this process, as the guard on the main thread knows them: who lives, what they hold, how they ended. */
export class IsolateRegistry {
  readonly #words = new IsolateWords();
  readonly #room: IsolateRoom;
  readonly #unguarded: UnguardedWorkers;
  readonly #subscriptions: readonly Disposable[];
  #askedAtMs = Number.NEGATIVE_INFINITY;

  /** Every worker started from now on is handed `terms`. */
  constructor(log: GuardLog, terms: Omit<WorkerTerms, 'words' | 'parentThreadId'>) {
    this.#room = new IsolateRoom(log, () => this.#words.rows());
    this.#unguarded = new UnguardedWorkers(log, this.#words);
    const offered = { ...terms, words: this.#words, parentThreadId: 0 };
    offerWorkerTerms(offered);
    this.#subscriptions = [
      registerWorkerHeap({ committedBytes: () => this.#words.committedBytes() }),
      new IsolateEnds(offered, log),
    ];
  }

  /** The guarded workers that live, the largest heap first. */
  rows(): readonly IsolateRow[] {
    return this.#words.rows();
  }

  /** One tick: a few µs. */
  tick(sample: MemorySample): void {
    const { heapLimitBytes, heapCommittedBytes, monotonicMs, limitBytes } = sample;
    this.#words.setProcess({
      ...sample,
      heapGrowthLeftBytes: Math.max(0, heapLimitBytes - heapCommittedBytes),
    });
    this.#room.tick(monotonicMs, limitBytes);
    this.#unguarded.tick(monotonicMs);
  }

  /** The process is running out of memory: the worker that holds more than the main thread, if there is one, files its own evidence. */
  askLargest({ monotonicMs, limitBytes, heapUsedBytes }: MemorySample): void {
    const [largest] = this.#words.rows();
    if (largest === undefined || monotonicMs - this.#askedAtMs < askEveryMs) return;
    if (largest.heapUsedBytes < Math.max(heapUsedBytes, limitBytes * askedRatio)) return;
    this.#askedAtMs = monotonicMs;
    this.#words.ask(largest.threadId);
    journal().write('guard', 'worker-asked', {
      threadId: largest.threadId,
      heapUsedBytes: largest.heapUsedBytes,
    });
  }

  /** The clean end. Never throws. */
  end(): void {
    offerWorkerTerms(undefined);
    for (const subscription of this.#subscriptions) subscription[Symbol.dispose]();
  }
}
