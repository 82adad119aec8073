import type { EntryStore } from './entry-store.ts';
import { longestHashedString } from './key-hash.ts';
import { SlotTable } from './slot-table.ts';

/** Entries per cell of the table before it grows by a third or a half. */
const maxLoadRatio = 0.55;
/** Up to here V8's Map wins (it keeps the hashes of strings, and finds a number in fewer steps); above, its garbage and its rehashing lose. */
const tableFromCount = 4_096;
/** What growth moves at once, well under a tenth of a millisecond, and then at each insertion. */
const cellsMovedAtOnce = 2_048;
const cellsMovedPerInsertion = 128;
const keysMovedPerInsertion = 16;

/**
 * Finds the slot of a key. In a large cache, numbers and strings lie in a {@link SlotTable}: 7 to 11 bytes an entry. Everything else (objects by identity, long
 * strings, NaN, the keys of a small cache, keys that collide too often) lies in a Map. Growth moves 128 cells at each insertion, so that none waits for all;
 * meanwhile a look-up asks the new table, then the old, then the Map.
 */
export class KeyIndex {
  readonly #store: EntryStore;
  readonly #map = new Map<unknown, number>();
  readonly #fromCount: number;
  #table: SlotTable;
  #oldTable: SlotTable | undefined;
  #sizeStep = 0;
  /** Entries at which the table grows. */
  #fullCount = 0;
  /** Numbers and short strings lie in the table. */
  #isLarge = false;
  /** A number or a tabled string may lie elsewhere than in the table. */
  #hasStrays = false;
  #movingKeys: IterableIterator<[unknown, number]> | undefined;

  /** @param fromCount - keys from which on there is a table. */
  constructor(store: EntryStore, fromCount: number = tableFromCount) {
    this.#store = store;
    this.#fromCount = fromCount;
    this.#table = new SlotTable(0, 0);
    if (fromCount === 0) this.#isLarge = true;
  }

  /** The slot of `key`, 0 when there is none. */
  find(key: unknown): number {
    if (!this.#isLarge) return this.#map.get(key) ?? 0;
    if (typeof key === 'number') {
      // 32-bit integers, nearly all numbers that are keys, on a path of their own: nothing on it asks again what kind of number it has.
      const whole = key | 0;
      return whole === key
        ? this.#findNumber(whole, this.#store.hash.ofInteger(whole))
        : this.#findFraction(key);
    }
    if (typeof key === 'string' && key.length <= longestHashedString) {
      return this.#findString(key, this.#store.hash.ofString(key));
    }
    return this.#map.get(key) ?? 0;
  }

  /** Like {@link find} with the hash already at hand. */
  findHashed(key: unknown, hash: number): number {
    if (this.#isLarge) {
      if (typeof key === 'number' && key === key) return this.#findNumber(key, hash);
      if (typeof key === 'string' && key.length <= longestHashedString) return this.#findString(key, hash);
    }
    return this.#map.get(key) ?? 0;
  }

  /** Adds a key that is not there yet. */
  insert(key: unknown, hash: number, slot: number): void {
    if (this.#oldTable !== undefined) this.#moveCells(this.#oldTable, cellsMovedPerInsertion);
    if (this.#movingKeys !== undefined) this.#moveKeys(this.#movingKeys);
    if (this.#isTabled(key)) {
      this.#insertInTable(key, hash, slot);
      return;
    }
    this.#map.set(key, slot);
    if (!this.#isLarge && this.#map.size >= this.#fromCount && isTableable(key)) this.#makeTable();
  }

  /** Removes a key that is there. */
  remove(key: unknown, hash: number, slot: number): void {
    if (this.#isTabled(key)) {
      if (this.#table.remove(hash, slot)) return;
      if (this.#oldTable?.remove(hash, slot) === true) return;
    }
    this.#map.delete(key);
  }

  #findFraction(key: number): number {
    return key === key ? this.#findNumber(key, this.#store.hash.ofNumber(key)) : (this.#map.get(key) ?? 0);
  }

  #findNumber(key: number, hash: number): number {
    const slot = this.#table.findNumber(key, hash, this.#store.segments);
    if (slot !== 0 || !this.#hasStrays) return slot;
    return this.#oldTable?.findMoving(key, hash, this.#store.segments) || (this.#map.get(key) ?? 0);
  }

  #findString(key: string, hash: number): number {
    const slot = this.#table.findString(key, hash, this.#store.segments);
    if (slot !== 0 || !this.#hasStrays) return slot;
    return this.#oldTable?.findMoving(key, hash, this.#store.segments) || (this.#map.get(key) ?? 0);
  }

  #insertInTable(key: unknown, hash: number, slot: number): void {
    if (this.#table.count >= this.#fullCount || this.#table.isTooSmallFor(slot)) this.#grow();
    if (!this.#table.insert(hash, slot)) this.#stray(key, slot);
  }

  /** The cache has become large: its keys move from the Map to a table with room for twice as many. */
  #makeTable(): void {
    this.#isLarge = true;
    this.#hasStrays = true;
    while (this.#fullCount < this.#fromCount * 2) this.#grow();
    this.#movingKeys = this.#map.entries();
  }

  #grow(): void {
    while (this.#oldTable !== undefined) this.#moveCells(this.#oldTable, cellsMovedAtOnce);
    const old = this.#table;
    this.#table = new SlotTable(this.#sizeStep++, this.#store.top * 2);
    this.#fullCount = Math.floor(this.#table.cellCount * maxLoadRatio);
    if (old.count === 0) return;
    this.#hasStrays = true;
    this.#oldTable = old;
    this.#moveCells(old, cellsMovedAtOnce);
  }

  #moveCells(old: SlotTable, cellCount: number): void {
    const store = this.#store;
    const isEmpty = old.moveInto(this.#table, cellCount, store, (slot) => {
      this.#stray(store.keyOf(slot), slot);
    });
    if (!isEmpty) return;
    this.#oldTable = undefined;
    this.#hasStrays = this.#map.size > 0;
  }

  #moveKeys(moving: IterableIterator<[unknown, number]>): void {
    for (let moved = 0; moved < keysMovedPerInsertion; moved++) {
      const next = moving.next();
      if (next.done === true) {
        this.#movingKeys = undefined;
        this.#hasStrays = this.#oldTable !== undefined || this.#map.size > 0;
        return;
      }
      const [key, slot] = next.value;
      if (!this.#isTabled(key)) continue;
      this.#map.delete(key);
      this.#insertInTable(key, this.#store.hashOf(slot), slot);
    }
  }

  /** A key that collides too often for the table. */
  #stray(key: unknown, slot: number): void {
    this.#map.set(key, slot);
    this.#hasStrays = true;
  }

  #isTabled(key: unknown): boolean {
    return this.#isLarge && isTableable(key);
  }
}

/** True when a table can hold the key. */
function isTableable(key: unknown): boolean {
  if (typeof key === 'number') return key === key;
  return typeof key === 'string' && key.length <= longestHashedString;
}
