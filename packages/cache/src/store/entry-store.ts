import { KeyHash } from './key-hash.ts';

/** Slots per segment, as a power of two. */
export const segmentShift = 12;
const segmentSlots = 1 << segmentShift;
/** Position of a slot inside its segment. */
export const slotMask: number = segmentSlots - 1;
/** The first slot that is an entry; 0 and 1 are the ends of the two queues, and 0 also means "none". */
export const firstSlot = 2;

/** Which optional columns the entries have. */
export interface EntryColumns {
  /** Entries have weights of their own; otherwise every entry weighs 1. */
  readonly weights: boolean;
  /** The most entries there can be, so that the last segment is cut to fit; Infinity when unknown. */
  readonly maxCount: number;
}

/**
 * The entries, as columns cut into segments of 4,096 slots: growing by one segment is the only work growth ever does, where one long array would copy 16 MB
 * at a million entries. The first segment alone starts small and doubles. Columns nobody uses are never made: hashes while all keys are numbers (they are
 * computed again), weights without a byte bound, deadlines without a TTL.
 */
export class EntryStore {
  readonly hash: KeyHash;
  /** Key and value, side by side: the look-up's comparison brings the value into the cache line. */
  readonly pairs: unknown[][] = [];
  /** Previous and next slot of the queue. */
  readonly links: Uint32Array[] = [];
  /** The bits of entry-state.ts. */
  readonly states: Uint16Array[] = [];
  readonly weights: Uint32Array[] | undefined;
  readonly #hashes: Int32Array[] = [];
  #hasHashes = false;
  /** When each entry stops being fresh, in the cache's milliseconds. */
  readonly deadlines: Float64Array[] = [];
  /** When each entry was last read. */
  readonly accesses: Float64Array[] = [];
  #hasDeadlines = false;
  readonly #slotLimit: number;
  #top = firstSlot;
  #freeHead = 0;
  /** Entries held. */
  count = 0;

  constructor(columns: EntryColumns, hash: KeyHash = new KeyHash()) {
    this.hash = hash;
    this.weights = columns.weights ? [] : undefined;
    this.#slotLimit = columns.maxCount + firstSlot + 1;
    this.#addSegment();
  }

  /** One past the highest slot ever used. */
  get top(): number {
    return this.#top;
  }

  /** Takes a free slot for `key`. */
  allocate(key: unknown, value: unknown, keyHash: number, weight: number): number {
    let slot = this.#freeHead;
    if (slot === 0) {
      slot = this.#top++;
      const segment = this.states[slot >>> segmentShift];
      if (segment === undefined || (slot & slotMask) >= segment.length) this.#addSegment();
    } else {
      this.#freeHead = this.links[slot >>> segmentShift][((slot & slotMask) << 1) | 1];
    }
    const at = slot & slotMask;
    const segment = slot >>> segmentShift;
    const pairs = this.pairs[segment];
    pairs[at << 1] = key;
    pairs[(at << 1) | 1] = value;
    if (this.weights !== undefined) this.weights[segment][at] = weight;
    if (typeof key !== 'number') {
      if (!this.#hasHashes) this.#addHashes();
      this.#hashes[segment][at] = keyHash;
    }
    this.count++;
    return slot;
  }

  /** Gives `slot` back. */
  release(slot: number): void {
    const at = slot & slotMask;
    const segment = slot >>> segmentShift;
    const pairs = this.pairs[segment];
    pairs[at << 1] = undefined;
    pairs[(at << 1) | 1] = undefined;
    this.states[segment][at] = 0;
    this.links[segment][(at << 1) | 1] = this.#freeHead;
    this.#freeHead = slot;
    this.count--;
  }

  keyOf(slot: number): unknown {
    return this.pairs[slot >>> segmentShift][(slot & slotMask) << 1];
  }

  valueOf(slot: number): unknown {
    return this.pairs[slot >>> segmentShift][((slot & slotMask) << 1) | 1];
  }

  setValue(slot: number, value: unknown): void {
    this.pairs[slot >>> segmentShift][((slot & slotMask) << 1) | 1] = value;
  }

  hashOf(slot: number): number {
    const key = this.pairs[slot >>> segmentShift][(slot & slotMask) << 1];
    if (typeof key === 'number' && key === key) return this.hash.ofNumber(key);
    return this.#hashes.length === 0 ? 0 : this.#hashes[slot >>> segmentShift][slot & slotMask];
  }

  weightOf(slot: number): number {
    return this.weights === undefined ? 1 : this.weights[slot >>> segmentShift][slot & slotMask];
  }

  setWeight(slot: number, weight: number): void {
    if (this.weights !== undefined) this.weights[slot >>> segmentShift][slot & slotMask] = weight;
  }

  stateOf(slot: number): number {
    return this.states[slot >>> segmentShift][slot & slotMask];
  }

  setState(slot: number, state: number): void {
    this.states[slot >>> segmentShift][slot & slotMask] = state;
  }

  deadlineOf(slot: number): number {
    return this.#hasDeadlines ? this.deadlines[slot >>> segmentShift][slot & slotMask] : Infinity;
  }

  accessOf(slot: number): number {
    return this.#hasDeadlines ? this.accesses[slot >>> segmentShift][slot & slotMask] : 0;
  }

  /** Notes when the entry stops being fresh and that it was read just now. */
  setTimes(slot: number, deadlineMs: number, accessMs: number): void {
    if (!this.#hasDeadlines) this.#addDeadlines();
    this.deadlines[slot >>> segmentShift][slot & slotMask] = deadlineMs;
    this.accesses[slot >>> segmentShift][slot & slotMask] = accessMs;
  }

  setAccess(slot: number, accessMs: number): void {
    this.accesses[slot >>> segmentShift][slot & slotMask] = accessMs;
  }

  /** Adds a segment, or doubles the first one until it is as long as the others. */
  #addSegment(): void {
    const last = this.states.length - 1;
    const lastLength = last < 0 ? 0 : this.states[last].length;
    const grows = last < 0 || (last === 0 && lastLength < segmentSlots);
    const segment = grows ? 0 : last + 1;
    const room = this.#slotLimit - segment * segmentSlots;
    const wanted = grows ? Math.max(16, lastLength * 2) : segmentSlots;
    const length = Math.min(segmentSlots, wanted, Math.max(room, lastLength + 1));
    const pairs: unknown[] = Array.from({ length: length * 2 });
    const before = this.pairs[segment];
    if (before !== undefined) for (let at = 0; at < before.length; at++) pairs[at] = before[at];
    this.pairs[segment] = pairs;
    this.links[segment] = longer(this.links[segment], new Uint32Array(length * 2));
    this.states[segment] = longer(this.states[segment], new Uint16Array(length));
    if (this.weights !== undefined) {
      this.weights[segment] = longer(this.weights[segment], new Uint32Array(length));
    }
    if (this.#hasHashes) this.#hashes[segment] = longer(this.#hashes[segment], new Int32Array(length));
    if (this.#hasDeadlines) {
      this.deadlines[segment] = longer(this.deadlines[segment], new Float64Array(length));
      this.accesses[segment] = longer(this.accesses[segment], new Float64Array(length));
    }
  }

  #addHashes(): void {
    this.#hasHashes = true;
    for (const states of this.states) this.#hashes.push(new Int32Array(states.length));
  }

  #addDeadlines(): void {
    this.#hasDeadlines = true;
    for (const states of this.states) {
      this.deadlines.push(new Float64Array(states.length).fill(Infinity));
      this.accesses.push(new Float64Array(states.length));
    }
  }
}

function longer<T extends Int32Array | Uint16Array | Uint32Array | Float64Array>(
  before: T | undefined,
  after: T,
): T {
  if (before !== undefined) after.set(before);
  return after;
}
