import { journal } from '@plimsoll/memory/holders';
import type { RemovalListener, RemovalReason } from './cache-options.ts';
import type { CacheCounters } from './cache-stats.ts';

/** Rounds in one operation: a listener that puts back what was evicted evicts again, and would go on forever. */
const mostRounds = 1_000;

interface Removal<K, V> {
  readonly key: K;
  readonly value: V;
  readonly reason: RemovalReason;
}

/**
 * Tells the listener of removals once the operation that caused them is over, so that it may use the cache: what that removes is told in the same round,
 * after what is already waiting; after 1,000 such rounds the rest waits for the next operation.
 */
export class RemovalQueue<K, V> {
  readonly #listener: RemovalListener<K, V> | undefined;
  readonly #disposesValues: boolean;
  readonly #counters: CacheCounters;
  #waiting: Removal<K, V>[] = [];
  #isTelling = false;

  constructor(listener: RemovalListener<K, V> | undefined, disposesValues: boolean, counters: CacheCounters) {
    this.#listener = listener;
    this.#disposesValues = disposesValues;
    this.#counters = counters;
  }

  /** True when somebody wants to be told. */
  get isWanted(): boolean {
    return this.#listener !== undefined || this.#disposesValues;
  }

  add(key: K, value: V, reason: RemovalReason): void {
    this.#waiting.push({ key, value, reason });
  }

  /** Tells what waits. */
  flush(): void {
    if (this.#isTelling || this.#waiting.length === 0) return;
    this.#isTelling = true;
    try {
      for (let rounds = 0; this.#waiting.length > 0; rounds++) {
        if (rounds === mostRounds) {
          this.#noteFault(new RangeError('each removal caused another'));
          break;
        }
        const round = this.#waiting;
        this.#waiting = [];
        for (const removal of round) this.#tell(removal);
      }
    } finally {
      this.#isTelling = false;
    }
  }

  #tell({ key, value, reason }: Removal<K, V>): void {
    try {
      this.#listener?.(key, value, reason);
    } catch (error) {
      this.#noteFault(error);
    }
    if (!this.#disposesValues || value === null || typeof value !== 'object') return;
    try {
      (value as Partial<Disposable>)[Symbol.dispose]?.();
    } catch (error) {
      this.#noteFault(error);
    }
  }

  /** The fault is the listener's: the cache's caller, who may be the pressure path, must not get it. */
  #noteFault(error: unknown): void {
    if (this.#counters.listenerFaults++ > 0) return;
    const message = error instanceof Error ? error.name : typeof error;
    journal().write('cache', 'listener-threw', { error: message });
  }
}
