import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';

/** How long callers waited, in milliseconds. */
export interface WaitTimes {
  readonly count: number;
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Longest wait told apart from longer ones. */
const LONGEST_US = 3_600_000_000;

/** Collects waits; the histogram (a few kB) is made when the first one is recorded. */
export class WaitHistogram {
  #histogram: RecordableHistogram | undefined;

  /** Adds one wait. */
  record(waitedMs: number): void {
    this.#histogram ??= createHistogram({ lowest: 1, highest: LONGEST_US, figures: 2 });
    this.#histogram.record(Math.min(LONGEST_US, Math.max(1, Math.round(waitedMs * 1_000))));
  }

  /** The waits so far. */
  read(): WaitTimes {
    const histogram = this.#histogram;
    if (histogram === undefined) return { count: 0, meanMs: 0, p50Ms: 0, p99Ms: 0, maxMs: 0 };
    return {
      count: histogram.count,
      meanMs: histogram.mean / 1_000,
      p50Ms: histogram.percentile(50) / 1_000,
      p99Ms: histogram.percentile(99) / 1_000,
      maxMs: histogram.max / 1_000,
    };
  }
}
