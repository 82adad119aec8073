import { describe, expect, it } from 'vitest';
import { EntryStore } from '../../src/store/entry-store.ts';
import { KeyHash } from '../../src/store/key-hash.ts';
import { KeyIndex } from '../../src/store/key-index.ts';

/** A hash that an attacker has broken: every key collides. */
class BrokenHash extends KeyHash {
  override ofNumber(): number {
    return 12_345;
  }

  override ofInteger(): number {
    return 12_345;
  }

  override ofString(): number {
    return 12_345;
  }
}

describe('KeyIndex', () => {
  it('finds 20,000 keys that all collide, for they lie at most 128 steps away or in the Map', () => {
    const store = new EntryStore({ weights: false, maxCount: Infinity }, new BrokenHash());
    const index = new KeyIndex(store);
    const slots: number[] = [];
    for (let key = 0; key < 20_000; key++) {
      const slot = store.allocate(key, key, 12_345, 1);
      slots.push(slot);
      index.insert(key, 12_345, slot);
    }
    for (let key = 0; key < 20_000; key++) expect(index.find(key)).toBe(slots[key]);
    expect(index.find(20_000)).toBe(0);
    for (let key = 0; key < 20_000; key += 2) index.remove(key, 12_345, slots[key] ?? 0);
    for (let key = 0; key < 20_000; key++) expect(index.find(key)).toBe(key % 2 === 0 ? 0 : slots[key]);
  });

  it('draws another secret for every cache: no two agree on a bucket for more than chance', () => {
    const one = new KeyHash();
    const two = new KeyHash();
    let agreements = 0;
    for (let key = 0; key < 10_000; key++) {
      if ((one.ofNumber(key) & 1_023) === (two.ofNumber(key) & 1_023)) agreements++;
      if ((one.ofString(`k${key}`) & 1_023) === (two.ofString(`k${key}`) & 1_023)) agreements++;
    }
    expect(agreements).toBeLessThan(60);
  });

  it('spreads consecutive integers and strings that differ in one place over 1,024 buckets', () => {
    const hash = new KeyHash();
    for (const keyed of [(at: number) => hash.ofNumber(at), (at: number) => hash.ofString(`user:${at}`)]) {
      const counts = new Uint32Array(1_024);
      for (let at = 0; at < 102_400; at++) {
        const bucket = keyed(at) & 1_023;
        counts[bucket] = (counts[bucket] ?? 0) + 1;
      }
      expect(Math.max(...counts)).toBeLessThan(170);
      expect(Math.min(...counts)).toBeGreaterThan(45);
    }
  });
});
