import { EntryStore, firstSlot } from '../store/entry-store.ts';
import { KeyHash } from '../store/key-hash.ts';
import { KeyIndex } from '../store/key-index.ts';
import type { EvictionRule } from './rule.ts';
import { ShadowCache } from './shadow-cache.ts';

/** One shadow of each rule over the same sampled keys, which are found once for all of them. */
export class ShadowPanel {
  /** 1 for every rule that hit what was asked for last. */
  readonly hits: Uint8Array;
  readonly #shadows: readonly ShadowCache[];
  /** The keys that at least one shadow holds; their slots are the numbers by which the shadows know them. */
  readonly #keys: EntryStore;
  readonly #index: KeyIndex;
  /** How many shadows hold each key. */
  readonly #holders: Uint8Array;

  constructor(rules: readonly EvictionRule[], capacity: number) {
    const hash = new KeyHash();
    const keyCount = rules.length * capacity + 1;
    const numberCount = firstSlot + keyCount + 1;
    this.#keys = new EntryStore({ weights: false, maxCount: keyCount }, hash);
    this.#index = new KeyIndex(this.#keys, 0);
    this.#shadows = rules.map((rule) => new ShadowCache(rule, capacity, numberCount, hash));
    this.#holders = new Uint8Array(numberCount);
    this.hits = new Uint8Array(rules.length);
  }

  /** Asks every shadow for a key, by its hash, and keeps it there. The answers are in {@link hits}. */
  ask(key: number): void {
    const hash = this.#keys.hash.ofNumber(key);
    let number = this.#index.findHashed(key, hash);
    if (number === 0) {
      number = this.#keys.allocate(key, undefined, hash, 1);
      this.#index.insert(key, hash, number);
    }
    const shadows = this.#shadows;
    for (let rule = 0; rule < shadows.length; rule++) {
      const shadow = shadows[rule];
      const isHit = shadow.hit(number);
      this.hits[rule] = isHit ? 1 : 0;
      if (isHit) continue;
      const lost = shadow.makeRoom();
      if (lost !== 0 && --this.#holders[lost] === 0) this.#forget(lost);
      shadow.admit(number, key, hash);
      this.#holders[number]++;
    }
  }

  #forget(number: number): void {
    const keys = this.#keys;
    this.#index.remove(keys.keyOf(number), keys.hashOf(number), number);
    keys.release(number);
  }
}
