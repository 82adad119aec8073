import { type MemorySample, type PressureLevel, pressureLevels } from '@plimsoll/memory';

/** Growth since the last writing, as a share of the limit, that makes another worth its pause. */
const stepRatio = 0.05;
/** A writing may take up this share of the time, by level: near the end there is not much of it left to save. */
const pauseRatios: Readonly<Record<PressureLevel, number>> = {
  normal: 0.05,
  elevated: 0.05,
  critical: 0.1,
  terminal: 0.25,
};
const minGapMs = 500;

/**
 * When an open incident is written again: at each new depth only, so at most about twenty times for the working set and twenty for the heap, however long the
 * incident lasts. Deaths come in steps too: what is on disk is never older than the last twentieth of the way.
 */
export class RefreshSchedule {
  #workingSetBytes = 0;
  #heapUsedBytes = 0;
  #levelIndex = 0;
  #doneAtMs = Number.NEGATIVE_INFINITY;
  #pauseMs = 0;

  /** True when this tick is a new depth and the last writing was long enough ago for what it cost. */
  isDue(sample: MemorySample, level: PressureLevel): boolean {
    const isDeeper =
      pressureLevels.indexOf(level) > this.#levelIndex ||
      sample.workingSetBytes >= this.#workingSetBytes + sample.limitBytes * stepRatio ||
      sample.heapUsedBytes >= this.#heapUsedBytes + sample.heapLimitBytes * stepRatio;
    return (
      isDeeper &&
      sample.monotonicMs - this.#doneAtMs >= Math.max(minGapMs, this.#pauseMs / pauseRatios[level])
    );
  }

  /** Notes a writing that began with `sample` and stood the service still for `pauseMs`. */
  done(sample: MemorySample, level: PressureLevel, pauseMs: number): void {
    this.#workingSetBytes = Math.max(this.#workingSetBytes, sample.workingSetBytes);
    this.#heapUsedBytes = Math.max(this.#heapUsedBytes, sample.heapUsedBytes);
    this.#levelIndex = Math.max(this.#levelIndex, pressureLevels.indexOf(level));
    this.#doneAtMs = sample.monotonicMs + pauseMs;
    this.#pauseMs = pauseMs;
  }
}
