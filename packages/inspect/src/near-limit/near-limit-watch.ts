import { type MemorySample, type MemoryTrend } from '@plimsoll/memory';
import { type Census, takeCensus } from '../autopsy/census.ts';
import { readHeapShape } from '../snapshot/heap-shape.ts';
import { ArmingRule, type ArmingThresholds } from './arming-rule.ts';
import { armNearLimit, checkNearLimit, disarmNearLimit, isNearLimitArmed } from './near-limit-hook.ts';
import { readOldSpaceLimitBytes } from './old-space-limit.ts';

/** How {@link NearLimitWatch} watches. */
export interface NearLimitWatchOptions {
  /** When the hook is armed. @default armingDefaults */
  readonly thresholds?: ArmingThresholds;
  /** Shares of the heap limit at which a census is taken, each once: what was there before the danger. @default [0.25, 0.5] */
  readonly censusRatios?: readonly number[];
}

/** The defaults of {@link NearLimitWatchOptions}, but the thresholds. */
export const nearLimitWatchDefaults: Readonly<{ censusRatios: readonly number[] }> = Object.freeze({
  censusRatios: Object.freeze([0.25, 0.5]),
});

/** Most of a tick needs nothing of the heap's spaces: they are read from this share of the limit on. */
const SHAPE_ABOVE_RATIO = 0.3;

/** Follows the ticks of the memory monitor: takes a census at growth steps, arms the near-limit hook late, disarms it when the danger has passed. Never throws. */
export class NearLimitWatch {
  readonly #rule: ArmingRule;
  readonly #censusRatios: number[];
  readonly #heapLimitBytes = readOldSpaceLimitBytes();
  /** The largest object a profile has seen, and all large objects at that time: one object has since grown by no more than all of them. */
  #largestThenBytes: number | undefined;
  #allLargeThenBytes = 0;

  constructor(options: NearLimitWatchOptions = {}) {
    this.#rule = new ArmingRule(options.thresholds);
    this.#censusRatios = [...(options.censusRatios ?? nearLimitWatchDefaults.censusRatios)].sort(
      (a, b) => a - b,
    );
  }

  /** One tick; a few µs, and 20–300 ms on the few at which a census is taken or the hook is armed. */
  observe(sample: MemorySample, trend: MemoryTrend): void {
    checkNearLimit();
    const usedRatio = sample.heapUsedBytes / this.#heapLimitBytes;
    const step = this.#censusRatios[0];
    if (step !== undefined && usedRatio >= step) {
      while ((this.#censusRatios[0] ?? Infinity) <= usedRatio) this.#censusRatios.shift();
      this.#census(`${Math.round(usedRatio * 100)} % of the heap limit`);
    }
    const isArmed = isNearLimitArmed();
    const wish = this.#rule.observe(
      {
        monotonicMs: sample.monotonicMs,
        heapUsedBytes: sample.heapUsedBytes,
        heapLimitBytes: this.#heapLimitBytes,
        largestObjectBytes: usedRatio >= SHAPE_ABOVE_RATIO ? this.#largestObjectBytes() : 0,
        floorBytes: trend.heapFloor.bytes,
        floorVerdict: trend.heapFloor.verdict,
        timeToLimitMs: trend.heapFloor.timeToLimitMs,
      },
      isArmed,
    );
    if (wish.action === 'disarm') disarmNearLimit(wish.reason);
    if (wish.action !== 'arm') return;
    this.#census(`arming: ${wish.reason}`);
    armNearLimit(wish.reason);
  }

  #census(reason: string): Census {
    const census = takeCensus({ reason });
    const shape = readHeapShape(census.profile);
    this.#largestThenBytes = shape.largestObjectBytes;
    this.#allLargeThenBytes = shape.largeObjectBytes;
    return census;
  }

  #largestObjectBytes(): number {
    const { largeObjectBytes } = readHeapShape();
    if (this.#largestThenBytes === undefined) return largeObjectBytes;
    const grownBytes = Math.max(0, largeObjectBytes - this.#allLargeThenBytes);
    return Math.min(largeObjectBytes, this.#largestThenBytes + grownBytes);
  }
}
