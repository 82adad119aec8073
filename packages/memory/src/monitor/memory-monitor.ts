import type { MemoryLimit } from '../limits/memory-limit.ts';
import type { PressureLevel } from '../pressure/level.ts';
import type { PressureThresholds } from '../pressure/thresholds.ts';
import type { MemoryReader } from '../readings/memory-reader.ts';
import type { MemorySample } from '../readings/memory-sample.ts';
import type { MemoryTrend } from '../trend/memory-trend.ts';

/** Called at every tick. Must not throw: a throw is dropped and journalled once. */
export type SampleListener = (sample: MemorySample, trend: MemoryTrend) => void;

/** The one tick of the process: reads, follows the trend, decides the level of pressure, keeps the holders within their budget. */
export interface MemoryMonitor extends Disposable {
  /** The level of pressure as of the last tick. */
  readonly level: PressureLevel;
  /** True when a heap grown to V8's limit still fits the container, so that only V8 can end the process by heap growth. */
  readonly isHeapContained: boolean;
  /** Passes every tick to `listener` until the result is disposed. */
  onSample(listener: SampleListener): Disposable;
  /** A tick now, outside the clock: the sample it took. Never throws. */
  sampleNow(): MemorySample;
  /** Where memory is going, as of the last tick. */
  trend(): MemoryTrend;
}

/** How {@link startMemoryMonitor} ticks. */
export interface MemoryMonitorOptions {
  /**
   * What is read.
   * @default the reader this process shares, which honours `PLIMSOLL_LIMIT`
   */
  readonly reader?: MemoryReader;
  /**
   * The limit as the caller has just looked it up, so that it is not looked up twice at a start.
   * @default the reader's
   */
  readonly limit?: MemoryLimit;
  /**
   * Milliseconds between ticks.
   * @default 1000
   */
  readonly tickMs?: number;
  /**
   * Milliseconds between ticks once the working set or the heap passes `fastAboveRatio` of its limit: a leak of 50 MB/s crosses a 256 MiB container in 5 s.
   * @default 100
   */
  readonly fastTickMs?: number;
  /**
   * Share of the limit, or of V8's, above which ticks are fast.
   * @default 0.5
   */
  readonly fastAboveRatio?: number;
  /**
   * Where the levels of pressure begin.
   * @default those of the configuration table, from `PLIMSOLL_ELEVATED` and its siblings
   */
  readonly thresholds?: PressureThresholds;
  /**
   * Ask the registered holders for memory under pressure, and hold them to their budget.
   * @default true
   */
  readonly reclaims?: boolean;
}

/** What {@link startMemoryMonitor} does when it is told nothing. */
export const memoryMonitorDefaults: Readonly<
  Required<Omit<MemoryMonitorOptions, 'reader' | 'limit' | 'thresholds'>>
> = Object.freeze({ tickMs: 1000, fastTickMs: 100, fastAboveRatio: 0.5, reclaims: true });
