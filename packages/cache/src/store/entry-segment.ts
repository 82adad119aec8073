/** Slots per segment, as a power of two. */
export const segmentShift = 12;
/** Slots of a full segment. */
export const segmentSlots = 4_096;
/** Position of a slot inside its segment. */
export const slotMask = 4_095;

/** Which columns the segments of a store have. */
export interface SegmentColumns {
  readonly weights: boolean;
  readonly hashes: boolean;
  readonly deadlines: boolean;
}

/** Up to 4,096 entries, as columns. Plain fields: every operation of a cache goes through here several times. */
export class EntrySegment {
  /** Slots there is room for. */
  readonly slotCount: number;
  /** Key and value, side by side: the look-up's comparison brings the value into the cache line. */
  readonly pairs: unknown[];
  /** The next newer and the next older slot of the queue. */
  readonly links: Uint32Array;
  /** The bits of entry-state.ts. */
  readonly states: Uint16Array;
  /** Undefined when every entry weighs 1. */
  readonly weights: Uint32Array | undefined;
  /** Undefined while all keys are numbers, whose hashes are computed again. */
  hashes: Int32Array | undefined;
  /** When each entry stops being fresh, in the cache's milliseconds; undefined while none does. */
  deadlines: Float64Array | undefined;
  /** When each entry was last read. */
  accesses: Float64Array | undefined;
  /** For how long each entry was to stay fresh when it was written. */
  lifetimes: Float32Array | undefined;

  /** @param before - the segment that this one, which is longer, stands for. */
  constructor(slotCount: number, columns: SegmentColumns, before?: EntrySegment) {
    this.slotCount = slotCount;
    // oxlint-disable-next-line unicorn/no-new-array -- not Array.from, whose result keeps up to half as much room again for growth that never comes.
    this.pairs = new Array<unknown>(slotCount * 2).fill(undefined);
    this.links = new Uint32Array(slotCount * 2);
    this.states = new Uint16Array(slotCount);
    this.weights = columns.weights ? new Uint32Array(slotCount) : undefined;
    this.hashes = undefined;
    this.deadlines = undefined;
    this.accesses = undefined;
    this.lifetimes = undefined;
    if (columns.hashes) this.addHashes();
    if (columns.deadlines) this.addDeadlines();
    if (before !== undefined) this.#take(before);
  }

  addHashes(): void {
    this.hashes = new Int32Array(this.slotCount);
  }

  addDeadlines(): void {
    this.deadlines = new Float64Array(this.slotCount).fill(Infinity);
    this.accesses = new Float64Array(this.slotCount);
    this.lifetimes = new Float32Array(this.slotCount).fill(Infinity);
  }

  #take(before: EntrySegment): void {
    for (let at = 0; at < before.pairs.length; at++) this.pairs[at] = before.pairs[at];
    this.links.set(before.links);
    this.states.set(before.states);
    if (before.weights !== undefined) this.weights?.set(before.weights);
    if (before.hashes !== undefined) this.hashes?.set(before.hashes);
    if (before.deadlines !== undefined) this.deadlines?.set(before.deadlines);
    if (before.accesses !== undefined) this.accesses?.set(before.accesses);
    if (before.lifetimes !== undefined) this.lifetimes?.set(before.lifetimes);
  }
}
