import { type EntrySegment, segmentShift, slotMask } from './entry-segment.ts';
import type { EntryStore } from './entry-store.ts';

const distanceBits = 7;
/** Numbers that leave room for the distance: 33 million entries. */
const mostNumberBits = 25;
/** Cells a key may lie behind its own; beyond, it is refused, so that keys made to collide cost no more. There are always empty cells, where probes end. */
const longestProbe = 128;
const distanceMask = 127;

/**
 * An open-addressing table of slots with linear probing. A cell is the number of an entry (low bits), its distance from its own cell (seven bits), and as many
 * high bits of the key's hash as are left; 0 = empty. The distance lets a removal close its gap without asking for the hashes of neighbours, which lie
 * anywhere in memory. Tables have two or three times a power of two of cells: that wastes half of what doubling would.
 */
export class SlotTable {
  readonly #cells: Int32Array;
  /** Two or three parts, each a power of two of cells. */
  readonly #partCount: number;
  readonly #partShift: number;
  readonly #partMask: number;
  readonly #numberBits: number;
  readonly #numberMask: number;
  readonly #hashMask: number;
  /** Cells before this one were emptied by {@link moveInto}. */
  #movedCells = 0;
  /** Entries in the table. */
  count = 0;

  /**
   * @param sizeStep - 0, 1, 2… for 16, 24, 32, 48, 64… cells.
   * @param highestSlot - the highest slot that can come.
   */
  constructor(sizeStep: number, highestSlot: number) {
    this.#partCount = 2 + (sizeStep & 1);
    this.#partShift = 3 + (sizeStep >>> 1);
    // Shifts, not powers: what `**` returns V8 keeps as a double, and every step of a probe would convert it.
    this.#partMask = (1 << this.#partShift) - 1;
    this.#cells = new Int32Array(this.#partCount << this.#partShift);
    this.#numberBits = Math.min(
      mostNumberBits,
      32 - Math.clz32(Math.max(this.#cells.length - 1, highestSlot)),
    );
    this.#numberMask = (1 << this.#numberBits) - 1;
    this.#hashMask = this.#numberBits === mostNumberBits ? 0 : -1 << (this.#numberBits + distanceBits);
  }

  get cellCount(): number {
    return this.#cells.length;
  }

  /** True when a larger table would take a slot that this one does not. */
  isTooSmallFor(slot: number): boolean {
    return slot > this.#numberMask && this.#numberBits < mostNumberBits;
  }

  /** The slot of a number, 0 when it is not here. */
  findNumber(key: number, hash: number, segments: readonly EntrySegment[]): number {
    const cells = this.#cells;
    const hashMask = this.#hashMask;
    const numberMask = this.#numberMask;
    for (let at = this.#homeOf(hash); ;) {
      const cell = cells[at];
      if (cell === 0) return 0;
      if (((cell ^ hash) & hashMask) === 0) {
        const slot = cell & numberMask;
        if (segments[slot >>> segmentShift].pairs[(slot & slotMask) << 1] === key) return slot;
      }
      if (++at === cells.length) at = 0;
    }
  }

  /** The slot of a string, 0 when it is not here. The same code as {@link findNumber}: V8 compares strings and numbers faster where only one kind is met. */
  findString(key: string, hash: number, segments: readonly EntrySegment[]): number {
    const cells = this.#cells;
    const hashMask = this.#hashMask;
    const numberMask = this.#numberMask;
    for (let at = this.#homeOf(hash); ;) {
      const cell = cells[at];
      if (cell === 0) return 0;
      if (((cell ^ hash) & hashMask) === 0) {
        const slot = cell & numberMask;
        if (segments[slot >>> segmentShift].pairs[(slot & slotMask) << 1] === key) return slot;
      }
      if (++at === cells.length) at = 0;
    }
  }

  /** The slot of a key in a table that {@link moveInto} is emptying, 0 when it is not, or no longer, here. */
  findMoving(key: unknown, hash: number, segments: readonly EntrySegment[]): number {
    const cells = this.#cells;
    for (let at = this.#startOf(hash); ;) {
      const cell = cells[at];
      if (cell === 0) return 0;
      if (((cell ^ hash) & this.#hashMask) === 0) {
        const slot = cell & this.#numberMask;
        if (segments[slot >>> segmentShift].pairs[(slot & slotMask) << 1] === key) return slot;
      }
      if (++at === cells.length) at = 0;
    }
  }

  /** Adds a slot; false when all cells a key may lie in are taken. */
  insert(hash: number, slot: number): boolean {
    const cells = this.#cells;
    if (slot > this.#numberMask) return false;
    let at = this.#homeOf(hash);
    for (let distance = 0; distance < longestProbe; distance++) {
      if (cells[at] === 0) {
        cells[at] = (hash & this.#hashMask) | (distance << this.#numberBits) | slot;
        this.count++;
        return true;
      }
      if (++at === cells.length) at = 0;
    }
    return false;
  }

  /** Removes a slot; false when it is not here. */
  remove(hash: number, slot: number): boolean {
    const cells = this.#cells;
    const numberMask = this.#numberMask;
    for (let at = this.#startOf(hash); ;) {
      const cell = cells[at];
      if (cell === 0) return false;
      if ((cell & numberMask) === slot) {
        this.#closeGap(at);
        this.count--;
        return true;
      }
      if (++at === cells.length) at = 0;
    }
  }

  /** Empties the next `cellCount` cells into `target`; `refused` gets what does not fit. True when all are empty. */
  moveInto(
    target: SlotTable,
    cellCount: number,
    store: EntryStore,
    refused: (slot: number) => void,
  ): boolean {
    const cells = this.#cells;
    const end = Math.min(this.#movedCells + cellCount, cells.length);
    for (let at = this.#movedCells; at < end; at++) {
      const slot = cells[at] & this.#numberMask;
      if (slot === 0) continue;
      cells[at] = 0;
      this.count--;
      if (!target.insert(store.hashOf(slot), slot)) refused(slot);
    }
    this.#movedCells = end;
    return end === cells.length;
  }

  /** A key's own cell. */
  #homeOf(hash: number): number {
    return ((Math.imul(hash >>> 24, this.#partCount) >>> 8) << this.#partShift) | (hash & this.#partMask);
  }

  /** A key's own cell; the first that is left, when its own was moved: a run that started there goes on here. */
  #startOf(hash: number): number {
    const at = this.#homeOf(hash);
    return at < this.#movedCells ? this.#movedCells : at;
  }

  /** Moves entries that lie behind the gap on their way from their own cells into it, until none is left that may. */
  #closeGap(gapAt: number): void {
    const cells = this.#cells;
    const { length } = cells;
    const distanceShift = this.#numberBits;
    let gap = gapAt;
    let steps = 0;
    for (let at = gap; ;) {
      if (++at === length) at = 0;
      steps++;
      const cell = cells[at];
      if (cell === 0) break;
      if (((cell >>> distanceShift) & distanceMask) < steps) continue;
      cells[gap] = cell - (steps << distanceShift);
      gap = at;
      steps = 0;
    }
    cells[gap] = 0;
  }
}
