import { journal, type MemorySample, type MemoryTrend, mib } from '@plimsoll/memory';
import type { EpisodeMoment } from '../incident/incident-episode.ts';

/** A rise since the last collection that is worth one of our own: below it the heap of any service moves about. */
const riseBytes = mib(2);
const riseRatio = 0.15;
/** What is left of a rise after a collection is a leak, or a start-up, from this share on; below it was garbage. */
const leftRatio = 0.4;
/** Between two collections of a series: the trend takes a point every 10 s. */
const everyMs = 10_500;
/** Six points make a verdict; two more in case of doubt, and many more while the floor rises beyond doubt by too little to matter yet. */
const seriesCount = 8;
const longSeriesCount = 60;
/** Between two collections while a verdict of growth stands, so that the last affordable moment is seen. */
const whileGrowingMs = 30_000;
/** After garbage, or a series without a verdict: this long, then twice as long each time. */
const backOffMs = 60_000;
const longestBackOffMs = 3_600_000;
/** A service that starts loads code and fills its tables: nothing of that is looked at. */
const startUpMs = 20_000;
/** Above this a collection is felt, and a snapshot would stop the service for too long anyway. */
const largestBytes = mib(48);
/** Up to here one is made all the same when the heap is half full and every floor so far was higher: at 5 ms for 18 MB of live heap this stops the service 210 ms. */
const largestLateBytes = mib(768);
/** Half full, by the share of V8's limit that is used, garbage and all. */
const lateRatio = 0.52;
/** Growth since the last collection, as a share of V8's limit, that is worth such a one, and how many are made at most. */
const lateRiseRatio = 0.06;
const lateCount = 4;
const leastApartMs = 2000;

/** Has V8 collect its garbage; the milliseconds it took, undefined when it cannot be asked. */
export type Collect = () => number | undefined;

/**
 * A small heap is collected every other minute at best, so that six floors, the least that show a leak, take ten minutes; by then no snapshot can be afforded any more.
 * Where a small heap rises this class has it collected: once, to see whether the rise is garbage; if it is not, a few times more, until the trend has its verdict. A healthy
 * service pays for a handful of collections of 5–20 ms in its first minutes and then ever more seldom.
 */
export class FloorProbe {
  readonly #collect: Collect;
  #lastAtMs = Number.NEGATIVE_INFINITY;
  #lastCount = -1;
  #collectedBytes = Number.NaN;
  #probeCount = 0;
  #backOffMs = backOffMs;
  #waitUntilMs = Number.NaN;
  #lateProbeCount = 0;

  constructor(collect: Collect) {
    this.#collect = collect;
  }

  /** One tick; `isUseful` is asked only when a collection is due: whether its verdict could still lead to anything. */
  tick({ sample, trend }: EpisodeMoment, isUseful: () => boolean): void {
    const { monotonicMs, heapUsedBytes } = sample;
    if (Number.isNaN(this.#waitUntilMs)) this.#waitUntilMs = monotonicMs + startUpMs;
    if (trend.majorCollectionCount !== this.#lastCount) {
      this.#collected(monotonicMs, trend.floorBytes);
      this.#lastCount = trend.majorCollectionCount;
    }
    if (heapUsedBytes > largestBytes) {
      if (this.#isLate(sample, trend)) {
        this.#lateProbeCount += 1;
        this.#probe(sample);
      }
      return;
    }
    if (monotonicMs < this.#waitUntilMs) return;
    const isGrowing = trend.heapFloor.verdict === 'growing';
    const elapsedMs = monotonicMs - this.#lastAtMs;
    if (elapsedMs < (isGrowing ? whileGrowingMs : everyMs)) return;
    const isDue = isGrowing || this.#probeCount > 0 || this.#rise(heapUsedBytes) >= this.#least();
    if (!isDue || !isUseful()) return;
    const isRising = trend.heapFloor.slopeLowBytesPerSecond > 0;
    if (!isGrowing && this.#probeCount >= (isRising ? longSeriesCount : seriesCount)) {
      this.#rest(monotonicMs);
      return;
    }
    this.#probeCount += 1;
    this.#probe(sample);
  }

  /**
   * A pure leak of a heap of 150 MiB is collected five times in its life, the last time when it is full. Where everything seen so far says leak and the heap is half full, the
   * floor that is missing for a verdict is not waited for.
   */
  #isLate({ heapUsedBytes, heapLimitBytes, monotonicMs }: MemorySample, { heapFloor }: MemoryTrend): boolean {
    if (this.#lateProbeCount >= lateCount || this.#waitUntilMs === Number.POSITIVE_INFINITY) return false;
    if (heapUsedBytes > largestLateBytes || heapUsedBytes < lateRatio * heapLimitBytes) return false;
    if (heapFloor.verdict === 'growing' || !(heapFloor.slopeLowBytesPerSecond > 0)) return false;
    const elapsedMs = monotonicMs - this.#lastAtMs;
    return this.#rise(heapUsedBytes) >= lateRiseRatio * heapLimitBytes && elapsedMs >= leastApartMs;
  }

  #probe({ monotonicMs, heapUsedBytes }: MemorySample): void {
    this.#lastAtMs = monotonicMs;
    const pauseMs = this.#collect();
    if (pauseMs === undefined) this.#waitUntilMs = Number.POSITIVE_INFINITY;
    else journal().write('capture', 'floor-probed', { pauseMs, heapUsedBytes, probeCount: this.#probeCount });
  }

  /** A collection, ours or V8's, has left `floorBytes`. */
  #collected(atMs: number, floorBytes: number): void {
    const leftBytes = floorBytes - this.#collectedBytes;
    const isOurFirst = this.#probeCount === 1;
    if (isOurFirst && leftBytes < leftRatio * this.#least()) this.#rest(atMs);
    this.#collectedBytes = floorBytes;
  }

  #rest(atMs: number): void {
    this.#probeCount = 0;
    this.#waitUntilMs = atMs + this.#backOffMs;
    this.#backOffMs = Math.min(longestBackOffMs, 2 * this.#backOffMs);
  }

  /** What the heap has gained since it was collected last. */
  #rise(heapUsedBytes: number): number {
    if (Number.isNaN(this.#collectedBytes)) this.#collectedBytes = heapUsedBytes;
    return heapUsedBytes - this.#collectedBytes;
  }

  #least(): number {
    return Math.max(riseBytes, riseRatio * this.#collectedBytes);
  }
}
