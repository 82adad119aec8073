import { describe, expect, it } from 'vitest';
import { EntryStore } from '../../src/store/entry-store.ts';
import { SlotTable } from '../../src/store/slot-table.ts';

/** A store of `count` numbers and the hash of each; `bits` of them are all that a hash has, so that keys collide. */
function filled(count: number, bits: number) {
  const store = new EntryStore({ weights: false, maxCount: Infinity });
  const slots = Array.from({ length: count }, (_, key) => store.allocate(key, key, 0, 1));
  const hashOf = (key: number): number => store.hash.ofNumber(key) & ((1 << bits) - 1);
  return { store, slots, hashOf };
}

describe('SlotTable', () => {
  it('agrees with a Map over 40,000 insertions and removals of 300 keys that share 64 hashes', () => {
    const { store, slots, hashOf } = filled(300, 6);
    // 768 cells for 300 keys: half of them in use.
    const table = new SlotTable(11, 400);
    const model = new Map<number, number>();
    let seed = 3;
    for (let step = 0; step < 40_000; step++) {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) | 0;
      const key = (seed >>> 9) % 300;
      const slot = slots[key] ?? 0;
      if (model.has(key)) {
        expect(table.remove(hashOf(key), slot)).toBe(true);
        model.delete(key);
      } else if (table.insert(hashOf(key), slot)) model.set(key, slot);
      const other = (seed >>> 17) % 300;
      if (table.findNumber(other, hashOf(other), store.segments) !== (model.get(other) ?? 0)) {
        expect.unreachable(`step ${step}: ${other}`);
      }
    }
    expect(table.count).toBe(model.size);
  });

  it('refuses the 129th key of one hash', () => {
    const { slots } = filled(129, 0);
    const table = new SlotTable(11, 400);
    const taken = slots.map((slot) => table.insert(7, slot));
    expect(taken.filter(Boolean).length).toBe(128);
    expect(taken[128]).toBe(false);
  });

  it('finds every key in one of two tables while a third of the old one has moved', () => {
    const { store, slots } = filled(300, 0);
    const old = new SlotTable(11, 400);
    const target = new SlotTable(12, 400);
    const hashOf = (key: number): number => store.hash.ofNumber(key);
    for (const [key, slot] of slots.entries()) old.insert(hashOf(key), slot);
    const refused: number[] = [];
    expect(old.moveInto(target, 256, store, (slot) => refused.push(slot))).toBe(false);
    expect(refused).toEqual([]);
    for (const [key, slot] of slots.entries()) {
      const found = [old, target].map((table) => table.findMoving(key, hashOf(key), store.segments));
      expect(found.toSorted((a, b) => a - b)).toEqual([0, slot]);
    }
    expect(old.count + target.count).toBe(300);
  });
});
