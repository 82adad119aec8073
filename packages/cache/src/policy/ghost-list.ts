const cellsPerBucket = 4;
const epochBits = 5;
const epochCount = (1 << epochBits) - 1;
const liveEpochs = 16;

/**
 * Remembers which keys were evicted lately, in two bytes a key: an 11-bit fingerprint and the epoch of the eviction, in buckets of four. An epoch lasts a
 * sixteenth of the memory's length, so a key is forgotten after 16 to 17 of them. One unknown key in 500 is taken for a known one.
 */
export class GhostList {
  readonly #cells: Uint16Array;
  readonly #bucketCount: number;
  readonly #epochKeys: number;
  #epoch = 1;
  #inEpoch = 0;

  /** @param keyCount - how many evicted keys are remembered. */
  constructor(keyCount: number) {
    this.#bucketCount = Math.ceil((keyCount * 1.1) / cellsPerBucket) + 1;
    this.#cells = new Uint16Array(this.#bucketCount * cellsPerBucket);
    this.#epochKeys = Math.max(1, Math.round(keyCount / liveEpochs));
  }

  /** Remembers an evicted key; the oldest of its bucket makes room. */
  add(hash: number): void {
    if (++this.#inEpoch > this.#epochKeys) {
      this.#inEpoch = 1;
      this.#epoch = (this.#epoch % epochCount) + 1;
    }
    const start = this.#bucketOf(hash);
    let oldest = start;
    let oldestAge = -1;
    for (let at = start; at < start + cellsPerBucket; at++) {
      const cell = this.#cells[at];
      const age = cell === 0 ? epochCount : this.#ageOf(cell);
      if (age > oldestAge) {
        oldestAge = age;
        oldest = at;
      }
    }
    this.#cells[oldest] = (fingerprintOf(hash) << epochBits) | this.#epoch;
  }

  /** True when the key was evicted lately; it is forgotten by being asked for. */
  take(hash: number): boolean {
    const fingerprint = fingerprintOf(hash);
    const start = this.#bucketOf(hash);
    for (let at = start; at < start + cellsPerBucket; at++) {
      const cell = this.#cells[at];
      if (cell >>> epochBits === fingerprint && cell !== 0) {
        this.#cells[at] = 0;
        return this.#ageOf(cell) <= liveEpochs;
      }
    }
    return false;
  }

  #ageOf(cell: number): number {
    const age = this.#epoch - (cell & epochCount);
    return age < 0 ? age + epochCount : age;
  }

  #bucketOf(hash: number): number {
    return Math.floor(((hash >>> 0) / 0x1_0000_0000) * this.#bucketCount) * cellsPerBucket;
  }
}

function fingerprintOf(hash: number): number {
  return hash & 0x7ff;
}
