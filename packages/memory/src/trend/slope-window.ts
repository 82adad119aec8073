import { estimateSlope, type SlopeEstimate } from './theil-sen.ts';

/** How far apart the points of a window are and how many it keeps. */
export interface SlopeWindowOptions {
  /** Time a slot lasts at least; its smallest value is its point. */
  readonly slotMs: number;
  /** A slot that has seen no major collection ends after this many times its length. */
  readonly patienceFactor: number;
  /** Points kept; the estimate costs the square of it. */
  readonly capacityCount: number;
}

/**
 * The last points of one series at one scale, as slot minima: what a series comes down to again and again is its floor, whatever it rises to in between. A slot
 * ends after a major collection, so that its minimum has seen one; without any its patience ends it.
 */
export class SlopeWindow {
  readonly #slotMs: number;
  readonly #patienceFactor: number;
  readonly #capacityCount: number;
  readonly #timesMs: Float64Array;
  readonly #values: Float64Array;
  readonly #scratch: Float64Array;
  readonly #estimate: SlopeEstimate = newEstimate();
  readonly #recentEstimate: SlopeEstimate = newEstimate();
  #pointCount = 0;
  #isStale = false;
  #slotStartMs = Number.NaN;
  #slotLeast = Number.POSITIVE_INFINITY;
  #slotLeastAtMs = 0;
  #slotHasCollection = false;

  constructor(options: SlopeWindowOptions) {
    this.#slotMs = options.slotMs;
    this.#patienceFactor = options.patienceFactor;
    this.#capacityCount = options.capacityCount;
    this.#timesMs = new Float64Array(options.capacityCount);
    this.#values = new Float64Array(options.capacityCount);
    this.#scratch = new Float64Array((options.capacityCount * (options.capacityCount - 1)) / 2);
  }

  get pointCount(): number {
    return this.#pointCount;
  }

  /** Time from the first point to the last. */
  get spanMs(): number {
    return this.#pointCount < 2 ? 0 : this.#timeAt(this.#pointCount - 1) - this.#timeAt(0);
  }

  /** The last value − the first. */
  get rise(): number {
    return this.#pointCount < 2 ? 0 : this.lastValue - (this.#values[0] ?? 0);
  }

  /** The slope from the point before the newest to the newest; 0 with fewer than two. */
  get lastSlopePerSecond(): number {
    const last = this.#pointCount - 1;
    if (last < 1) return 0;
    const elapsedMs = this.#timeAt(last) - this.#timeAt(last - 1);
    return elapsedMs > 0 ? ((this.lastValue - (this.#values[last - 1] ?? 0)) / elapsedMs) * 1000 : 0;
  }

  /** True when every point lies at least `leastRise` above the one before. */
  isRisingBy(leastRise: number): boolean {
    for (let index = 1; index < this.#pointCount; index += 1) {
      if ((this.#values[index] ?? 0) < (this.#values[index - 1] ?? 0) + leastRise) return false;
    }
    return true;
  }

  /** When the window begins; Infinity while it is empty. */
  get startMs(): number {
    return this.#pointCount === 0 ? Number.POSITIVE_INFINITY : this.#timeAt(0);
  }

  /** When the newest point was; −Infinity while the window is empty. */
  get endMs(): number {
    return this.#pointCount === 0 ? Number.NEGATIVE_INFINITY : this.#timeAt(this.#pointCount - 1);
  }

  /** The value of the newest point. */
  get lastValue(): number {
    return this.#values[this.#pointCount - 1] ?? 0;
  }

  /** The slope over the whole window, as of the last point. */
  get estimate(): Readonly<SlopeEstimate> {
    this.#update();
    return this.#estimate;
  }

  /** The slope over the newer half: what is left of a growth that slows down. */
  get recentEstimate(): Readonly<SlopeEstimate> {
    this.#update();
    return this.#recentEstimate;
  }

  /** Adds what the series is now; true when that completed a point. */
  add(atMs: number, value: number, hasCollection: boolean): boolean {
    if (Number.isNaN(this.#slotStartMs)) {
      this.#slotStartMs = atMs;
      this.#push(atMs, value);
      return true;
    }
    if (value < this.#slotLeast) {
      this.#slotLeast = value;
      this.#slotLeastAtMs = atMs;
    }
    this.#slotHasCollection ||= hasCollection;
    const elapsedMs = atMs - this.#slotStartMs;
    if (elapsedMs < this.#slotMs) return false;
    if (!this.#slotHasCollection && elapsedMs < this.#patienceFactor * this.#slotMs) return false;
    this.#push(this.#slotLeastAtMs, this.#slotLeast);
    this.#slotStartMs = atMs;
    this.#slotLeast = Number.POSITIVE_INFINITY;
    this.#slotHasCollection = false;
    return true;
  }

  #push(atMs: number, value: number): void {
    if (this.#pointCount === this.#capacityCount) {
      this.#timesMs.copyWithin(0, 1);
      this.#values.copyWithin(0, 1);
      this.#pointCount -= 1;
    }
    this.#timesMs[this.#pointCount] = atMs;
    this.#values[this.#pointCount] = value;
    this.#pointCount += 1;
    this.#isStale = true;
  }

  /** Only what is asked for is worked out: most points of most scales never are. */
  #update(): void {
    if (!this.#isStale) return;
    this.#isStale = false;
    const end = this.#pointCount;
    estimateSlope(this.#timesMs, this.#values, 0, end, this.#scratch, this.#estimate);
    const recentStart = end >> 1;
    estimateSlope(this.#timesMs, this.#values, recentStart, end, this.#scratch, this.#recentEstimate);
  }

  #timeAt(index: number): number {
    return this.#timesMs[index] ?? 0;
  }
}

function newEstimate(): SlopeEstimate {
  return {
    slopePerSecond: 0,
    lowPerSecond: Number.NEGATIVE_INFINITY,
    highPerSecond: Number.POSITIVE_INFINITY,
  };
}
