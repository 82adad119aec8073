import { type EventLoopUtilization, performance } from 'node:perf_hooks';
import { journal, type MemorySample, type MemoryTrend, oldSpaceLimitBytes } from '@plimsoll/memory';
import { type CensusOptions, takeCensus } from '../autopsy/census.ts';
import { readHeapShape } from '../snapshot/heap-shape.ts';
import { ArmingRule, type ArmingThresholds } from './arming-rule.ts';
import { QuietMoment } from './quiet-moment.ts';
import { armNearLimit, checkNearLimit, disarmNearLimit, isNearLimitArmed } from './near-limit-hook.ts';

/** How {@link NearLimitWatch} watches. */
export interface NearLimitWatchOptions {
  /** When the hook is armed. @default armingDefaults */
  readonly thresholds?: ArmingThresholds;
  /** Shares of the heap limit at which a census is taken, each once: what was there before the danger. @default [0.25, 0.5] */
  readonly censusRatios?: readonly number[];
  /** How long after its first tick a service has started up: the first census is taken at the first quiet tick then. @default 10000 */
  readonly startedAfterMs?: number;
}

/** The defaults of {@link NearLimitWatchOptions}, but the thresholds. */
export const nearLimitWatchDefaults: Readonly<{ censusRatios: readonly number[]; startedAfterMs: number }> =
  Object.freeze({
    censusRatios: Object.freeze([0.25, 0.5]),
    startedAfterMs: 10_000,
  });

/** What there is after the start is small: a census of it must be. */
const STARTUP_WALK_MS = 50;

/** Most of a tick needs nothing of the heap's spaces: they are read from this share of the limit on. */
const SHAPE_ABOVE_RATIO = 0.3;

/** Follows the ticks of the memory monitor: takes a census at growth steps, arms the near-limit hook late, disarms it when the danger has passed. Never throws. */
export class NearLimitWatch {
  readonly #rule: ArmingRule;
  readonly #censusRatios: number[];
  readonly #startedUp: QuietMoment;
  #utilization: EventLoopUtilization = performance.eventLoopUtilization();
  /** The largest object a profile has seen, and all large objects at that time: one object has since grown by no more than all of them. */
  #largestThenBytes: number | undefined;
  #allLargeThenBytes = 0;
  #hasRefused = false;

  constructor(options: NearLimitWatchOptions = {}) {
    this.#rule = new ArmingRule(options.thresholds);
    this.#censusRatios = [...(options.censusRatios ?? nearLimitWatchDefaults.censusRatios)].sort(
      (a, b) => a - b,
    );
    this.#startedUp = new QuietMoment(options.startedAfterMs ?? nearLimitWatchDefaults.startedAfterMs);
  }

  /** One tick; a few µs, and 20–300 ms on the few at which a census is taken or the hook is armed. */
  observe(sample: MemorySample, trend: MemoryTrend): void {
    checkNearLimit();
    const heapLimitBytes = oldSpaceLimitBytes(sample.heapLimitBytes);
    const usedRatio = sample.heapUsedBytes / heapLimitBytes;
    const step = this.#censusRatios[0];
    if (this.#startedUp.observe(sample.monotonicMs, () => this.#readBusyRatio()))
      this.#census({ reason: 'started up', maxWalkMs: STARTUP_WALK_MS, learnsScripts: false });
    if (step !== undefined && usedRatio >= step) {
      while ((this.#censusRatios[0] ?? Infinity) <= usedRatio) this.#censusRatios.shift();
      this.#startedUp.end();
      this.#census({ reason: `${Math.round(usedRatio * 100)} % of the heap limit` });
    }
    const isArmed = isNearLimitArmed();
    const wish = this.#rule.observe(
      {
        monotonicMs: sample.monotonicMs,
        heapUsedBytes: sample.heapUsedBytes,
        heapLimitBytes,
        largestObjectBytes: usedRatio >= SHAPE_ABOVE_RATIO ? this.#largestObjectBytes() : 0,
        headroomBytes: sample.headroomBytes,
        floorBytes: trend.heapFloor.bytes,
        floorVerdict: trend.heapFloor.verdict,
        timeToLimitMs: trend.heapFloor.timeToLimitMs,
      },
      isArmed,
    );
    if (wish.action === 'disarm') disarmNearLimit(wish.reason);
    if (wish.action === 'refuse' && !this.#hasRefused) {
      this.#hasRefused = true;
      journal().write('inspect', 'arming-refused', { reason: wish.reason });
    }
    if (wish.action !== 'arm') return;
    this.#startedUp.end();
    this.#census({ reason: `arming: ${wish.reason}` });
    armNearLimit(wish.reason);
  }

  #readBusyRatio(): number {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, this.#utilization);
    this.#utilization = now;
    return utilization;
  }

  #census(options: CensusOptions): void {
    const census = takeCensus(options);
    const shape = readHeapShape(census.profile);
    this.#largestThenBytes = shape.largestObjectBytes;
    this.#allLargeThenBytes = shape.largeObjectBytes;
  }

  #largestObjectBytes(): number {
    const { largeObjectBytes } = readHeapShape();
    if (this.#largestThenBytes === undefined) return largeObjectBytes;
    const grownBytes = Math.max(0, largeObjectBytes - this.#allLargeThenBytes);
    return Math.min(largeObjectBytes, this.#largestThenBytes + grownBytes);
  }
}
