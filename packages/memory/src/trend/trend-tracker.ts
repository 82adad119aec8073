import { mib } from '../byte-size.ts';
import type { MemorySample } from '../readings/memory-sample.ts';
import type { MemoryTrend } from './memory-trend.ts';
import { SeriesTracker } from './series-tracker.ts';

/** A rise below this share of the limit does not matter yet. */
const MATERIAL_RATIO = 0.01;

/** Follows the floor of the heap, the working set and what is beside the heap, from samples and major collections. */
export class TrendTracker {
  readonly #heapFloor = new SeriesTracker('heap-floor');
  readonly #workingSet = new SeriesTracker('working-set');
  readonly #offHeap = new SeriesTracker('off-heap');
  #floorBytes = Number.POSITIVE_INFINITY;
  #majorCollectionCount = 0;
  #hasCollection = false;
  /** What to add to the working set so that the series goes on smoothly when the limit, or the level that is tightest, changes. */
  #offsetBytes = 0;
  #previousLimitBytes = Number.NaN;
  #previousBesideBytes = 0;
  #isStale = true;
  #trend: MemoryTrend | undefined;

  /** The heap after the last major collection; before the first one the smallest seen, Infinity before the first sample. */
  get floorBytes(): number {
    return this.#floorBytes;
  }

  /** Takes the heap used right after a major collection. */
  observeCollection(atMs: number, heapUsedBytes: number): void {
    this.#majorCollectionCount += 1;
    this.#hasCollection = true;
    this.#floorBytes = heapUsedBytes;
    if (this.#heapFloor.observe(atMs, heapUsedBytes, true)) this.#isStale = true;
  }

  /** Takes a sample; the time is that of its monotonic clock. */
  observeSample(sample: MemorySample): void {
    const { monotonicMs, limitBytes, headroomBytes, heapUsedBytes } = sample;
    // A floor can only lie below what is used now: between two collections the next one may show itself early.
    if (heapUsedBytes < this.#floorBytes) this.#floorBytes = heapUsedBytes;
    const usedBytes = limitBytes - headroomBytes;
    // What lies beside the heap moves slowly, so that a jump of it together with the limit is the change of the level and not of memory.
    const besideBytes = usedBytes - sample.heapCommittedBytes;
    const isSameLimit = limitBytes === this.#previousLimitBytes || Number.isNaN(this.#previousLimitBytes);
    if (!isSameLimit) this.#offsetBytes += this.#previousBesideBytes - besideBytes;
    this.#previousLimitBytes = limitBytes;
    this.#previousBesideBytes = besideBytes;
    const hasCollection = this.#hasCollection;
    this.#hasCollection = false;
    const isNewSet = this.#workingSet.observe(monotonicMs, usedBytes + this.#offsetBytes, hasCollection);
    const isNewOffHeap = this.#offHeap.observe(monotonicMs, besideBytes + this.#offsetBytes, hasCollection);
    if (isNewSet || isNewOffHeap) this.#isStale = true;
  }

  /** The trend as of the last point, against the limits of `sample` and of the old generation; the same object until a point is added. */
  trend(sample: MemorySample, oldSpaceLimitBytes: number): MemoryTrend {
    if (!this.#isStale && this.#trend !== undefined) return this.#trend;
    this.#isStale = false;
    const floorBytes = Math.min(this.#floorBytes, sample.heapUsedBytes);
    const materialBytes = Math.max(mib(1), sample.limitBytes * MATERIAL_RATIO);
    const heapMaterialBytes = Math.max(mib(1), oldSpaceLimitBytes * MATERIAL_RATIO);
    const { workingSetBytes, headroomBytes, heapCommittedBytes } = sample;
    const heapFloor = this.#heapFloor.judge(
      floorBytes,
      Math.min(oldSpaceLimitBytes - floorBytes, sample.limitBytes - floorBytes),
      Math.min(materialBytes, heapMaterialBytes),
    );
    const workingSet = this.#workingSet.judge(workingSetBytes, headroomBytes, materialBytes);
    const offHeapBytes = Math.max(0, workingSetBytes - heapCommittedBytes);
    const offHeap = this.#offHeap.judge(offHeapBytes, headroomBytes, materialBytes);
    this.#trend = {
      // A working set that grows alone is V8 taking the heap it may have, not a leak: it never leads.
      ...(offHeap.timeToLimitMs < heapFloor.timeToLimitMs ? offHeap : heapFloor),
      floorBytes,
      majorCollectionCount: this.#majorCollectionCount,
      heapFloor,
      workingSet,
      offHeap,
    };
    return this.#trend;
  }
}
