import { type EntryStore, segmentShift, slotMask } from './entry-store.ts';
import { longestHashedString } from './key-hash.ts';

/** Entries per slot of the table before it doubles. */
const maxLoadRatio = 0.6;
/** Slots a key may lie behind its own; beyond, it goes to the Map. Keys made to collide therefore cost this many steps and no more. */
const longestProbe = 128;
/** Up to here V8's Map wins for strings (it keeps their hashes); above, its garbage and its rehashing lose. */
const stringsMoveAtCount = 4_096;
const slotsMovedPerInsertion = 32;

/** One open-addressing table with linear probing: each slot is the number of an entry under a few bits of its hash, 0 = empty. */
interface Table {
  readonly slots: Int32Array;
  readonly mask: number;
  /** The low bits of a slot that number the entry; the bits above are the hash's. */
  readonly numberMask: number;
}

/**
 * Finds the slot of a key. Numbers, and strings in a large cache, lie in an open-addressing table of our own: 7 to 13 bytes an entry, no tombstones (a removal
 * closes the gap), an insertion costs a third of a Map's. Everything else (objects by identity, long strings, NaN, the strings of a small cache, keys that
 * collide too often) lies in a Map. Growth moves 32 slots at each insertion, so that none waits for a whole table; meanwhile a look-up asks the new table, then
 * the old.
 */
export class KeyIndex {
  readonly #store: EntryStore;
  readonly #map = new Map<unknown, number>();
  #table: Table;
  #tableCount = 0;
  #oldTable: Table | undefined;
  #movedSlots = 0;
  #hasStrings = false;
  #movingStrings: IterableIterator<[unknown, number]> | undefined;

  constructor(store: EntryStore) {
    this.#store = store;
    this.#table = createTable(16);
  }

  /** The slot of `key`, 0 when there is none. */
  find(key: unknown): number {
    let slot = 0;
    if (typeof key === 'number' && key === key) slot = this.#search(key, this.#store.hash.ofNumber(key));
    else if (typeof key === 'string' && this.#hasStrings && key.length <= longestHashedString) {
      slot = this.#search(key, this.#store.hash.ofString(key));
    } else return this.#map.get(key) ?? 0;
    if (slot !== 0 || this.#map.size === 0) return slot;
    return this.#map.get(key) ?? 0;
  }

  /** Like {@link find} with the hash already at hand. */
  findHashed(key: unknown, hash: number): number {
    if (!this.#inTable(key)) return this.#map.get(key) ?? 0;
    const slot = this.#search(key, hash);
    return slot !== 0 || this.#map.size === 0 ? slot : (this.#map.get(key) ?? 0);
  }

  /** Adds a key that is not there yet. */
  insert(key: unknown, hash: number, slot: number): void {
    if (this.#oldTable !== undefined) this.#moveSlots(this.#oldTable, slotsMovedPerInsertion);
    if (this.#movingStrings !== undefined) this.#moveStrings(4);
    if (!this.#inTable(key)) {
      this.#map.set(key, slot);
      if (!this.#hasStrings && this.#map.size >= stringsMoveAtCount && typeof key === 'string') {
        this.#hasStrings = true;
        this.#movingStrings = this.#map.entries();
      }
      return;
    }
    this.#insertInTable(key, hash, slot);
  }

  /** Removes a key that is there. */
  remove(key: unknown, hash: number, slot: number): void {
    if (this.#inTable(key)) {
      if (this.#clearSlot(this.#table, hash, slot, 0)) {
        this.#tableCount--;
        return;
      }
      const old = this.#oldTable;
      if (old !== undefined && this.#clearSlot(old, hash, slot, this.#movedSlots)) return;
    }
    this.#map.delete(key);
  }

  /** Forgets every key. */
  clear(): void {
    this.#map.clear();
    this.#table = createTable(16);
    this.#oldTable = undefined;
    this.#movingStrings = undefined;
    this.#hasStrings = false;
    this.#tableCount = 0;
  }

  #inTable(key: unknown): boolean {
    if (typeof key === 'number') return key === key;
    return typeof key === 'string' && this.#hasStrings && key.length <= longestHashedString;
  }

  #search(key: unknown, hash: number): number {
    const { slots, mask, numberMask } = this.#table;
    const { pairs } = this.#store;
    const start = hash & mask;
    for (let at = start; at < start + longestProbe; at++) {
      const cell = slots[at & mask];
      if (cell === 0) break;
      if (((cell ^ hash) & ~numberMask) !== 0) continue;
      const slot = cell & numberMask;
      if (pairs[slot >>> segmentShift][(slot & slotMask) << 1] === key) return slot;
    }
    return this.#oldTable === undefined ? 0 : this.#searchOld(this.#oldTable, key, hash);
  }

  #searchOld(table: Table, key: unknown, hash: number): number {
    const { slots, mask, numberMask } = table;
    // What lay before the moved part ends is gone: a run that started there goes on where it ends.
    const start = Math.max(hash & mask, this.#movedSlots);
    for (let at = start; at < start + longestProbe; at++) {
      const slot = slots[at & mask] & numberMask;
      if (slot === 0) break;
      if (this.#store.keyOf(slot) === key) return slot;
    }
    return 0;
  }

  #insertInTable(key: unknown, hash: number, slot: number): void {
    if (this.#tableCount >= this.#table.slots.length * maxLoadRatio) this.#grow();
    if (writeSlot(this.#table, hash, slot)) this.#tableCount++;
    else this.#map.set(key, slot);
  }

  #grow(): void {
    while (this.#oldTable !== undefined) this.#moveSlots(this.#oldTable, slotsMovedPerInsertion);
    this.#oldTable = this.#table;
    this.#movedSlots = 0;
    this.#tableCount = 0;
    this.#table = createTable(this.#oldTable.slots.length * 2);
  }

  #moveSlots(old: Table, slotCount: number): void {
    const store = this.#store;
    const end = Math.min(this.#movedSlots + slotCount, old.slots.length);
    for (let at = this.#movedSlots; at < end; at++) {
      const slot = old.slots[at] & old.numberMask;
      if (slot === 0) continue;
      old.slots[at] = 0;
      if (writeSlot(this.#table, store.hashOf(slot), slot)) this.#tableCount++;
      else this.#map.set(store.keyOf(slot), slot);
    }
    this.#movedSlots = end;
    if (end === old.slots.length) this.#oldTable = undefined;
  }

  /** Empties the cell of `slot` and closes the gap; false when it is not in this table. */
  #clearSlot(table: Table, hash: number, slot: number, firstAt: number): boolean {
    const { slots, mask, numberMask } = table;
    let at = Math.max(hash & mask, firstAt);
    const end = at + longestProbe;
    for (; ; at++) {
      if (at === end) return false;
      const cell = slots[at & mask];
      if (cell === 0) return false;
      if ((cell & numberMask) === slot) break;
    }
    let gap = at & mask;
    for (let next = (gap + 1) & mask; ; next = (next + 1) & mask) {
      const cell = slots[next];
      if (cell === 0) break;
      const home = this.#store.hashOf(cell & numberMask) & mask;
      if (((next - home) & mask) < ((next - gap) & mask)) continue;
      slots[gap] = cell;
      gap = next;
    }
    slots[gap] = 0;
    return true;
  }

  #moveStrings(stringCount: number): void {
    const moving = this.#movingStrings;
    if (moving === undefined) return;
    for (let moved = 0; moved < stringCount; moved++) {
      const next = moving.next();
      if (next.done === true) {
        this.#movingStrings = undefined;
        return;
      }
      const [key, slot] = next.value;
      if (!this.#inTable(key)) continue;
      this.#map.delete(key);
      this.#insertInTable(key, this.#store.hashOf(slot), slot);
    }
  }
}

function createTable(slotCount: number): Table {
  // Twice as many numbers as cells leave room for entries that lie in the Map.
  return { slots: new Int32Array(slotCount), mask: slotCount - 1, numberMask: slotCount * 2 - 1 };
}

function writeSlot(table: Table, hash: number, slot: number): boolean {
  const { slots, mask, numberMask } = table;
  if (slot > numberMask) return false;
  const start = hash & mask;
  for (let at = start; at < start + longestProbe; at++) {
    if (slots[at & mask] !== 0) continue;
    slots[at & mask] = (hash & ~numberMask) | slot;
    return true;
  }
  return false;
}
