/** The highest count a counter can hold. */
export const highestCount = 15;
/** Bytes per entry, two counters each: the more, the longer the loops that are seen through; from 16,384 entries on memory is the better use. */
const mostBytesPerKey = 8;
const leastBytesPerKey = 2;
const generousBytes = 1 << 17;
const lowNibble = 0x0f;
const highNibble = 0xf0;
/** What is left of eight counters shifted by one: no counter's bit falls into its neighbour. */
const halvedCounters = 0x7777_7777;

/**
 * How often keys that are *not* in the cache were asked for: a count-min sketch of two rows of 4-bit counters, one in the low and one in the high halves of the
 * bytes. A resident entry counts for itself, in its own state bits; its count comes here when it leaves and goes back when it returns, so a hit never touches
 * the sketch.
 * @see Einziger, Friedman, Manes, "TinyLFU: A Highly Efficient Cache Admission Policy", 2017.
 */
export class FrequencySketch {
  readonly #cells: Uint8Array;
  /** The same bytes, four at a time. */
  readonly #words: Int32Array;
  readonly #mask: number;
  #agingAt: number;

  /** @param keyCount - entries of the cache the sketch serves. */
  constructor(keyCount: number) {
    const bytes = Math.max(
      8,
      keyCount * leastBytesPerKey,
      Math.min(keyCount * mostBytesPerKey, generousBytes),
    );
    this.#cells = new Uint8Array(2 ** Math.ceil(Math.log2(bytes)));
    this.#words = new Int32Array(this.#cells.buffer);
    this.#mask = this.#cells.length - 1;
    this.#agingAt = this.#words.length;
  }

  /** The count of a key, or more when other keys share its counters. */
  estimate(hash: number): number {
    const low = this.#cells[hash & this.#mask] & lowNibble;
    const high = this.#cells[secondOf(hash) & this.#mask] >>> 4;
    return low < high ? low : high;
  }

  /** Remembers the count of a key that leaves the cache. */
  remember(hash: number, count: number): void {
    const cells = this.#cells;
    const first = hash & this.#mask;
    const second = secondOf(hash) & this.#mask;
    // Two compares that no branch predictor could foresee: written anyway.
    const low = cells[first];
    cells[first] = (low & highNibble) | Math.max(low & lowNibble, count);
    const high = cells[second];
    cells[second] = (high & lowNibble) | Math.max(high & highNibble, count << 4);
  }

  /** Starts halving every counter; {@link continueAging} does the work. */
  startAging(): void {
    this.#agingAt = 0;
  }

  /** Halves the counters of at most `byteCount` more bytes. */
  continueAging(byteCount: number): void {
    const words = this.#words;
    const end = Math.min(words.length, this.#agingAt + byteCount / 4);
    for (let at = this.#agingAt; at < end; at++) words[at] = (words[at] >>> 1) & halvedCounters;
    this.#agingAt = end;
  }
}

/** Another cell of the same cache line: the second row costs no second wait for memory. */
function secondOf(hash: number): number {
  return hash ^ ((hash >>> 24) & 63) ^ 1;
}
