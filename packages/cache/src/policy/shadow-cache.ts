import { EntryStore } from '../store/entry-store.ts';
import type { KeyHash } from '../store/key-hash.ts';
import { Eviction } from './eviction.ts';
import type { EvictionRule } from './rule.ts';

/**
 * A cache without values over the sampled keys, under one fixed rule: what that rule would have hit. Keys come with a number, and where each lies is a column
 * by that number: the shadows of a panel share one index.
 */
export class ShadowCache {
  readonly rule: EvictionRule;
  readonly #capacity: number;
  readonly #store: EntryStore;
  readonly #eviction: Eviction;
  readonly #slotByNumber: Uint16Array;

  /** @param numberCount - one more than the highest number a key can have. */
  constructor(rule: EvictionRule, capacity: number, numberCount: number, hash: KeyHash) {
    this.rule = rule;
    this.#capacity = capacity;
    this.#store = new EntryStore({ weights: false, maxCount: capacity }, hash);
    this.#eviction = new Eviction(this.#store, capacity, rule);
    this.#slotByNumber = new Uint16Array(numberCount);
  }

  /** Counts a request for a key that is here; false when it is not. */
  hit(number: number): boolean {
    const slot = this.#slotByNumber[number];
    if (slot === 0) return false;
    this.#eviction.recordHit(slot);
    return true;
  }

  /** Makes room for one more key; the number of the key that had to leave, 0 when none had to. */
  makeRoom(): number {
    if (this.#store.count < this.#capacity) return 0;
    const slot = this.#eviction.evictOne();
    const number = this.#store.valueOf(slot) as number;
    this.#slotByNumber[number] = 0;
    this.#store.release(slot);
    return number;
  }

  /** Takes a key that is not here. */
  admit(number: number, key: number, hash: number): void {
    const slot = this.#store.allocate(key, number, hash, 1);
    this.#slotByNumber[number] = slot;
    this.#eviction.admit(slot, hash, 0, this.#eviction.recall(hash));
  }
}
