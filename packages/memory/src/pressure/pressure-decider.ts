import { formatBytes, gib, mib } from '../byte-size.ts';
import type { MemorySample } from '../readings/memory-sample.ts';
import type { MemoryTrend } from '../trend/memory-trend.ts';
import { type PressureLevel, pressureLevels } from './level.ts';
import { completeThresholds, type PressureThresholds } from './thresholds.ts';

/** Headroom that is enough however large the limit is, by level: 10 % of 64 GiB is no emergency. */
const ENOUGH_BYTES: readonly number[] = [Number.POSITIVE_INFINITY, gib(1), mib(256), mib(64)];

/** How much more headroom than that ends the level again. */
const ENOUGH_AGAIN_FACTOR = 1.25;

/** Share of the critical time at which each level begins. */
const TIME_FACTORS: readonly number[] = [Number.POSITIVE_INFINITY, 10, 1, 1 / 20];

/** How long memory must stay below a level before the level ends. */
const CALM_MS = 5_000;

/** A heap at its limit must leave this beside it to count as contained; it counts no longer when nothing is left. */
const CONTAINED_SPARE_BYTES = mib(8);

/** More stalled time than this, or more failed charges a second, when little is left: the kernel evicts the program's own text. */
const STALLED_RATIO = 0.2;
const STALLED_HITS_PER_SECOND = 500;

const CRITICAL_RANK = 2;

/** What holds the level up. */
type Cause = 'limit' | 'heap' | 'time' | 'stall';

/**
 * Decides how deep the process lies in the water, from two lines and a clock: what cannot be taken back against the limit, what V8 cannot collect against its own
 * limit, and the predicted time to either. A heap that fits the container even when it is full is not held against the limit: such a service is full of garbage
 * for most of its healthy life. Levels rise at once and fall one decision after memory has been lower, by the hysteresis, for 5 s.
 */
export class PressureDecider {
  readonly #ratios: readonly number[];
  readonly #thresholds: Required<PressureThresholds>;
  #rank = 0;
  #cause: Cause = 'limit';
  #calmSinceMs = Number.NaN;
  #isHeapContained = false;
  #previousHitCount = Number.NaN;
  #previousAtMs = 0;
  // The decision in progress.
  #limitBytes = 0;
  #usedBytes = 0;
  #heapLimitBytes = 0;
  #heapBytes = 0;
  #timeMs = Number.POSITIVE_INFINITY;
  #isStalled = false;

  /** @throws ERR_PLIMSOLL_OPTION when the thresholds are not in ascending order. */
  constructor(thresholds: PressureThresholds = {}) {
    this.#thresholds = completeThresholds(thresholds);
    const { elevatedRatio, criticalRatio, terminalRatio } = this.#thresholds;
    this.#ratios = [0, elevatedRatio, criticalRatio, terminalRatio];
  }

  /** The level as of the last decision. */
  get level(): PressureLevel {
    return pressureLevels[this.#rank] ?? 'normal';
  }

  /** True when a heap grown to its limit still fits the container. */
  get isHeapContained(): boolean {
    return this.#isHeapContained;
  }

  /** What holds the level, with its number: `91 % of the limit of 256 MiB is in use`. */
  get reason(): string {
    switch (this.#cause) {
      case 'heap':
        return `${percent(this.#heapBytes / this.#heapLimitBytes)} of the heap V8 may use (${formatBytes(this.#heapLimitBytes)}) cannot be collected`;
      case 'time':
        return `the limit is ${Math.round(this.#timeMs / 100) / 10} s away at the present growth`;
      case 'stall':
        return 'the kernel finds no memory for most allocations and stalls the process';
      case 'limit':
        return `${percent(this.#usedBytes / this.#limitBytes)} of the limit of ${formatBytes(this.#limitBytes)} is in use`;
    }
  }

  /** Bytes to give back so that the level can end; 0 at `normal`. */
  get excessBytes(): number {
    if (this.#rank === 0) return 0;
    const overLimitBytes = this.#usedBytes - this.#limitBytes + this.#roomBytes(1, true);
    const calmRatio = this.#thresholds.elevatedRatio - this.#thresholds.hysteresisRatio;
    const overHeapBytes = this.#heapBytes - calmRatio * this.#heapLimitBytes;
    const forTimeBytes = this.#cause === 'time' ? this.#limitBytes / 20 : 0;
    return Math.max(0, overLimitBytes, overHeapBytes, forTimeBytes);
  }

  /** Decides on a sample; true when the level changed. `oldSpaceBytes` is what V8 lets the old generation grow to. */
  decide(sample: MemorySample, trend: MemoryTrend, oldSpaceBytes: number): boolean {
    const offHeapBytes = Math.max(0, sample.workingSetBytes - sample.heapCommittedBytes);
    const spareBytes = sample.limitBytes - offHeapBytes - sample.heapLimitBytes;
    this.#isHeapContained = spareBytes > (this.#isHeapContained ? 0 : CONTAINED_SPARE_BYTES);
    this.#limitBytes = sample.limitBytes;
    this.#usedBytes = this.#isHeapContained ? offHeapBytes + trend.floorBytes : sample.workingSetBytes;
    this.#heapLimitBytes = oldSpaceBytes;
    this.#heapBytes = trend.floorBytes;
    this.#timeMs = this.#isHeapContained
      ? trend.timeToLimitMs
      : Math.min(trend.timeToLimitMs, trend.workingSet.timeToLimitMs);
    this.#isStalled = this.#sawStall(sample);
    return this.#move(sample.monotonicMs);
  }

  #move(atMs: number): boolean {
    const rises = this.#rankNow(false);
    if (rises > this.#rank) {
      this.#rank = rises;
      this.#cause = this.#causeOf(rises, false);
      this.#calmSinceMs = Number.NaN;
      return true;
    }
    const stays = this.#rankNow(true);
    if (stays >= this.#rank) {
      this.#cause = this.#causeOf(this.#rank, true);
      this.#calmSinceMs = Number.NaN;
      return false;
    }
    if (Number.isNaN(this.#calmSinceMs)) this.#calmSinceMs = atMs;
    if (atMs - this.#calmSinceMs < CALM_MS) return false;
    this.#rank = stays;
    this.#cause = this.#causeOf(stays, true);
    this.#calmSinceMs = Number.NaN;
    return true;
  }

  /** The highest level that begins here, or with `isLeaving` that does not end here. */
  #rankNow(isLeaving: boolean): number {
    for (let rank = pressureLevels.length - 1; rank > 0; rank -= 1) {
      if (this.#holdsBy('limit', rank, isLeaving)) return rank;
      if (this.#holdsBy('heap', rank, isLeaving)) return rank;
      if (this.#holdsBy('time', rank, isLeaving)) return rank;
      if (this.#holdsBy('stall', rank, isLeaving)) return rank;
    }
    return 0;
  }

  #causeOf(rank: number, isLeaving: boolean): Cause {
    for (const cause of ['heap', 'time', 'stall'] as const) {
      if (rank > 0 && !this.#holdsBy('limit', rank, isLeaving) && this.#holdsBy(cause, rank, isLeaving)) {
        return cause;
      }
    }
    return 'limit';
  }

  #holdsBy(cause: Cause, rank: number, isLeaving: boolean): boolean {
    const ratio = (this.#ratios[rank] ?? 1) - (isLeaving ? this.#thresholds.hysteresisRatio : 0);
    switch (cause) {
      case 'limit':
        return this.#limitBytes - this.#usedBytes <= this.#roomBytes(rank, isLeaving);
      case 'heap':
        return this.#heapBytes >= ratio * this.#heapLimitBytes;
      case 'time': {
        const timeMs = this.#thresholds.criticalTimeMs * (TIME_FACTORS[rank] ?? 0);
        return this.#timeMs <= (isLeaving ? 2 : 1) * timeMs;
      }
      case 'stall':
        return rank === CRITICAL_RANK && this.#isStalled;
    }
  }

  /** Headroom at which `rank` begins or ends. */
  #roomBytes(rank: number, isLeaving: boolean): number {
    const ratio = (this.#ratios[rank] ?? 1) - (isLeaving ? this.#thresholds.hysteresisRatio : 0);
    const enoughBytes = (ENOUGH_BYTES[rank] ?? 0) * (isLeaving ? ENOUGH_AGAIN_FACTOR : 1);
    return Math.min((1 - ratio) * this.#limitBytes, enoughBytes);
  }

  /** Page cache at the limit fails charges too and is harmless: only with the headroom gone as well is it the program's text that is evicted. */
  #sawStall(sample: MemorySample): boolean {
    const { limitHitCount, stalledRatio } = sample.kernel;
    const elapsedMs = sample.monotonicMs - this.#previousAtMs;
    const hitCount = Number.isNaN(this.#previousHitCount) ? 0 : limitHitCount - this.#previousHitCount;
    this.#previousHitCount = limitHitCount;
    this.#previousAtMs = sample.monotonicMs;
    const isFailing = elapsedMs > 0 && (hitCount / elapsedMs) * 1000 >= STALLED_HITS_PER_SECOND;
    return (isFailing || stalledRatio >= STALLED_RATIO) && sample.headroomBytes <= this.#roomBytes(1, false);
  }
}

function percent(ratio: number): string {
  return `${Math.round(ratio * 100)} %`;
}
