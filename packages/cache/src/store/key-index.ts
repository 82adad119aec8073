import type { EntryStore } from './entry-store.ts';
import { longestHashedString } from './key-hash.ts';
import { SlotTable } from './slot-table.ts';

/** Entries per cell of the table before it grows by a third or a half. */
const maxLoadRatio = 0.55;
/** Up to here V8's Map wins (it keeps the hashes of strings); above, its garbage and its rehashing lose. */
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
  #table: SlotTable | undefined;
  #oldTable: SlotTable | undefined;
  #sizeStep = 0;
  /** Entries at which the table grows. */
  #fullCount = 0;
  #movingKeys: IterableIterator<[unknown, number]> | undefined;

  constructor(store: EntryStore) {
    this.#store = store;
  }

  /** The slot of `key`, 0 when there is none. */
  find(key: unknown): number {
    const table = this.#table;
    return table === undefined ? (this.#map.get(key) ?? 0) : this.#findInTable(table, key);
  }

  /** Like {@link find} with the hash already at hand. */
  findHashed(key: unknown, hash: number): number {
    const table = this.#table;
    if (table === undefined) return this.#map.get(key) ?? 0;
    if (typeof key === 'number') return this.#findNumber(table, key, hash);
    return typeof key === 'string' ? this.#findString(table, key, hash) : (this.#map.get(key) ?? 0);
  }

  /** Adds a key that is not there yet. */
  insert(key: unknown, hash: number, slot: number): void {
    if (this.#table === undefined) {
      this.#map.set(key, slot);
      if (this.#map.size >= tableFromCount && isTabled(key)) this.#makeTable();
      return;
    }
    if (this.#oldTable !== undefined) this.#moveCells(this.#oldTable, cellsMovedPerInsertion);
    if (this.#movingKeys !== undefined) this.#moveKeys(this.#movingKeys);
    if (isTabled(key)) this.#insertInTable(key, hash, slot);
    else this.#map.set(key, slot);
  }

  /** Removes a key that is there. */
  remove(key: unknown, hash: number, slot: number): void {
    if (this.#table !== undefined && isTabled(key)) {
      if (this.#table.remove(hash, slot)) return;
      if (this.#oldTable?.remove(hash, slot) === true) return;
    }
    this.#map.delete(key);
  }

  #findInTable(table: SlotTable, key: unknown): number {
    if (typeof key === 'string' && key.length <= longestHashedString) {
      return this.#findString(table, key, this.#store.hash.ofString(key));
    }
    if (typeof key === 'number' && key === key) {
      return this.#findNumber(table, key, this.#store.hash.ofNumber(key));
    }
    return this.#map.get(key) ?? 0;
  }

  #findNumber(table: SlotTable, key: number, hash: number): number {
    const slot = table.findNumber(key, hash, this.#store.segments);
    if (slot !== 0 || (this.#oldTable === undefined && this.#map.size === 0)) return slot;
    return this.#oldTable?.findNumber(key, hash, this.#store.segments) || (this.#map.get(key) ?? 0);
  }

  #findString(table: SlotTable, key: string, hash: number): number {
    const slot = table.findString(key, hash, this.#store.segments);
    if (slot !== 0 || (this.#oldTable === undefined && this.#map.size === 0)) return slot;
    return this.#oldTable?.findString(key, hash, this.#store.segments) || (this.#map.get(key) ?? 0);
  }

  #insertInTable(key: unknown, hash: number, slot: number): void {
    let table = this.#table;
    if (table === undefined || table.count >= this.#fullCount || table.isTooSmallFor(slot))
      table = this.#grow();
    if (!table.insert(hash, slot)) this.#map.set(key, slot);
  }

  /** The cache has become large: its keys move from the Map to a table made for twice as many. */
  #makeTable(): void {
    while (this.#fullCount < tableFromCount * 2) this.#grow();
    this.#movingKeys = this.#map.entries();
  }

  #grow(): SlotTable {
    while (this.#oldTable !== undefined) this.#moveCells(this.#oldTable, cellsMovedAtOnce);
    const old = this.#table;
    const table = new SlotTable(this.#sizeStep++, this.#store.top * 2);
    this.#table = table;
    this.#fullCount = Math.floor(table.cellCount * maxLoadRatio);
    if (old !== undefined && old.count > 0) {
      this.#oldTable = old;
      this.#moveCells(old, cellsMovedAtOnce);
    }
    return table;
  }

  #moveCells(old: SlotTable, cellCount: number): void {
    const store = this.#store;
    const table = this.#table;
    if (table === undefined) return;
    const isEmpty = old.moveInto(table, cellCount, store, (slot) => {
      this.#map.set(store.keyOf(slot), slot);
    });
    if (isEmpty) this.#oldTable = undefined;
  }

  #moveKeys(moving: IterableIterator<[unknown, number]>): void {
    for (let moved = 0; moved < keysMovedPerInsertion; moved++) {
      const next = moving.next();
      if (next.done === true) {
        this.#movingKeys = undefined;
        return;
      }
      const [key, slot] = next.value;
      if (!isTabled(key)) continue;
      this.#map.delete(key);
      this.#insertInTable(key, this.#store.hashOf(slot), slot);
    }
  }
}

/** True when a table can hold the key. */
function isTabled(key: unknown): boolean {
  if (typeof key === 'number') return key === key;
  return typeof key === 'string' && key.length <= longestHashedString;
}
