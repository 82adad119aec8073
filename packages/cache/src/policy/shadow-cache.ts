import { EntryStore } from '../store/entry-store.ts';
import type { KeyHash } from '../store/key-hash.ts';
import { KeyIndex } from '../store/key-index.ts';
import { Eviction } from './eviction.ts';
import type { EvictionRule } from './rule.ts';

/** A cache without values over the sampled keys, under one fixed rule: what that rule would have hit. */
export class ShadowCache {
  readonly rule: EvictionRule;
  readonly #capacity: number;
  readonly #store: EntryStore;
  readonly #index: KeyIndex;
  readonly #eviction: Eviction;

  constructor(rule: EvictionRule, capacity: number, hash: KeyHash) {
    this.rule = rule;
    this.#capacity = capacity;
    this.#store = new EntryStore({ weights: false, maxCount: capacity }, hash);
    this.#index = new KeyIndex(this.#store);
    this.#eviction = new Eviction(this.#store, capacity, rule);
  }

  /** Asks for a key by its hash and keeps it; true when it was there. */
  access(keyHash: number): boolean {
    const store = this.#store;
    const hash = store.hash.ofNumber(keyHash);
    const found = this.#index.findHashed(keyHash, hash);
    if (found !== 0) {
      this.#eviction.recordHit(found);
      return true;
    }
    if (store.count >= this.#capacity) {
      const victim = this.#eviction.evictOne();
      this.#index.remove(store.keyOf(victim), store.hashOf(victim), victim);
      store.release(victim);
    }
    const slot = store.allocate(keyHash, undefined, hash, 1);
    this.#index.insert(keyHash, hash, slot);
    this.#eviction.admit(slot, hash, 0);
    return false;
  }
}
