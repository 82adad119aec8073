import { EntrySegment, segmentShift, segmentSlots, slotMask } from './entry-segment.ts';
import { KeyHash } from './key-hash.ts';

/** The first slot that is an entry; 0 and 1 are the ends of the two queues, and 0 also means "none". */
export const firstSlot = 2;
const fewestSlots = 16;

/** Which entries a store is for. */
export interface EntryColumns {
  /** Entries have weights of their own; otherwise every entry weighs 1. */
  readonly weights: boolean;
  /** The most entries there can be, so that the last segment is cut to fit; Infinity when unknown. */
  readonly maxCount: number;
}

/**
 * The entries, in segments of 4,096 slots: growing by one segment is the only work growth ever does, where one long array would copy 16 MB at a million
 * entries. The first segment alone starts small and doubles. Columns nobody uses are never made: hashes while all keys are numbers, weights without a byte
 * bound, deadlines without a TTL.
 */
export class EntryStore {
  readonly hash: KeyHash;
  readonly segments: EntrySegment[] = [];
  readonly #hasWeights: boolean;
  readonly #slotLimit: number;
  #hasHashes = false;
  #hasDeadlines = false;
  #top = firstSlot;
  #freeHead = 0;
  /** Entries held. */
  count = 0;

  constructor(columns: EntryColumns, hash: KeyHash = new KeyHash()) {
    this.hash = hash;
    this.#hasWeights = columns.weights;
    this.#slotLimit = columns.maxCount + firstSlot + 1;
    this.#addSegment();
  }

  /** One past the highest slot ever used. */
  get top(): number {
    return this.#top;
  }

  /** Takes a free slot for `key`. */
  allocate(key: unknown, value: unknown, keyHash: number, weight: number): number {
    const slot = this.#freeHead === 0 ? this.#addSlot() : this.#freeHead;
    const segment = this.segments[slot >>> segmentShift];
    const at = slot & slotMask;
    if (slot === this.#freeHead) this.#freeHead = segment.links[at << 1];
    segment.pairs[at << 1] = key;
    segment.pairs[(at << 1) | 1] = value;
    if (segment.weights !== undefined) segment.weights[at] = weight;
    if (typeof key !== 'number') {
      if (!this.#hasHashes) this.#addHashes();
      if (segment.hashes !== undefined) segment.hashes[at] = keyHash;
    }
    this.count++;
    return slot;
  }

  /** Gives `slot` back. */
  release(slot: number): void {
    const segment = this.segments[slot >>> segmentShift];
    const at = slot & slotMask;
    segment.pairs[at << 1] = undefined;
    segment.pairs[(at << 1) | 1] = undefined;
    segment.states[at] = 0;
    segment.links[at << 1] = this.#freeHead;
    this.#freeHead = slot;
    this.count--;
  }

  keyOf(slot: number): unknown {
    return this.segments[slot >>> segmentShift].pairs[(slot & slotMask) << 1];
  }

  valueOf(slot: number): unknown {
    return this.segments[slot >>> segmentShift].pairs[((slot & slotMask) << 1) | 1];
  }

  setValue(slot: number, value: unknown): void {
    this.segments[slot >>> segmentShift].pairs[((slot & slotMask) << 1) | 1] = value;
  }

  hashOf(slot: number): number {
    const segment = this.segments[slot >>> segmentShift];
    const key = segment.pairs[(slot & slotMask) << 1];
    if (typeof key === 'number' && key === key) return this.hash.ofNumber(key);
    return segment.hashes === undefined ? 0 : segment.hashes[slot & slotMask];
  }

  weightOf(slot: number): number {
    const { weights } = this.segments[slot >>> segmentShift];
    return weights === undefined ? 1 : weights[slot & slotMask];
  }

  setWeight(slot: number, weight: number): void {
    const { weights } = this.segments[slot >>> segmentShift];
    if (weights !== undefined) weights[slot & slotMask] = weight;
  }

  stateOf(slot: number): number {
    return this.segments[slot >>> segmentShift].states[slot & slotMask];
  }

  setState(slot: number, state: number): void {
    this.segments[slot >>> segmentShift].states[slot & slotMask] = state;
  }

  deadlineOf(slot: number): number {
    const { deadlines } = this.segments[slot >>> segmentShift];
    return deadlines === undefined ? Infinity : deadlines[slot & slotMask];
  }

  accessOf(slot: number): number {
    const { accesses } = this.segments[slot >>> segmentShift];
    return accesses === undefined ? 0 : accesses[slot & slotMask];
  }

  lifetimeOf(slot: number): number {
    const { lifetimes } = this.segments[slot >>> segmentShift];
    return lifetimes === undefined ? Infinity : lifetimes[slot & slotMask];
  }

  /** Notes that the entry was written just now and stays fresh for `lifetimeMs`. */
  setTimes(slot: number, nowMs: number, lifetimeMs: number): void {
    if (!this.#hasDeadlines) this.#addDeadlines();
    const { deadlines, lifetimes } = this.segments[slot >>> segmentShift];
    if (deadlines !== undefined) deadlines[slot & slotMask] = nowMs + lifetimeMs;
    if (lifetimes !== undefined) lifetimes[slot & slotMask] = lifetimeMs;
    this.setAccess(slot, nowMs);
  }

  setAccess(slot: number, accessMs: number): void {
    const { accesses } = this.segments[slot >>> segmentShift];
    if (accesses !== undefined) accesses[slot & slotMask] = accessMs;
  }

  #addSlot(): number {
    const slot = this.#top++;
    const segment = this.segments[slot >>> segmentShift];
    if (segment === undefined || (slot & slotMask) >= segment.slotCount) this.#addSegment();
    return slot;
  }

  /** Adds a segment, or doubles the first one until it is as long as the others. */
  #addSegment(): void {
    const last = this.segments.length - 1;
    const lastSlots = last < 0 ? 0 : this.segments[last].slotCount;
    const grows = last < 0 || (last === 0 && lastSlots < segmentSlots);
    const index = grows ? 0 : last + 1;
    const room = this.#slotLimit - index * segmentSlots;
    const wanted = grows ? Math.max(fewestSlots, lastSlots * 2) : segmentSlots;
    const slotCount = Math.min(segmentSlots, wanted, Math.max(room, lastSlots + 1));
    const columns = { weights: this.#hasWeights, hashes: this.#hasHashes, deadlines: this.#hasDeadlines };
    this.segments[index] = new EntrySegment(slotCount, columns, this.segments[index]);
  }

  #addHashes(): void {
    this.#hasHashes = true;
    for (const segment of this.segments) segment.addHashes();
  }

  #addDeadlines(): void {
    this.#hasDeadlines = true;
    for (const segment of this.segments) segment.addDeadlines();
  }
}
