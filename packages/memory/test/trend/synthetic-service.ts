import { seededRandom } from '../../../../benchmarks/measure/seeded-random.mjs';
import { mib, type MemorySample, type MemoryTrend } from '../../src/index.ts';
import { TrendTracker } from '../../src/trend/trend-tracker.ts';

/** A service that exists as formulas of time. */
export interface SyntheticService {
  readonly durationMs: number;
  /** What a major collection cannot take, at a time. */
  readonly liveBytes: (atMs: number) => number;
  /** What lies beside the heap. */
  readonly offHeapBytes?: (atMs: number) => number;
  readonly limitBytes?: number | ((atMs: number) => number);
  readonly oldSpaceBytes?: number;
  /** Time between two major collections. */
  readonly collectEveryMs?: number;
  readonly tickMs?: number;
  /** Noise of every value, as a share of it. */
  readonly noiseRatio?: number;
}

/** One judged moment. */
export interface Moment {
  readonly atMs: number;
  readonly trend: MemoryTrend;
}

/** Lives through `service`, tick by tick, and returns every judged moment. */
export function live(service: SyntheticService, seed = 1): Moment[] {
  const {
    durationMs,
    liveBytes,
    offHeapBytes = () => mib(60),
    limitBytes: limitOf = mib(512),
    oldSpaceBytes = mib(350),
    collectEveryMs = 3000,
    tickMs = 1000,
    noiseRatio = 0.01,
  } = service;
  const random = seededRandom(seed);
  const noisy = (bytes: number) => bytes * (1 + noiseRatio * (random() * 2 - 1));
  const tracker = new TrendTracker();
  const moments: Moment[] = [];
  let nextCollectionMs = 0;
  let garbageBytes = 0;
  for (let atMs = 0; atMs <= durationMs; atMs += tickMs) {
    if (atMs >= nextCollectionMs) {
      tracker.observeCollection(atMs, noisy(liveBytes(atMs)));
      garbageBytes = 0;
      nextCollectionMs = atMs + collectEveryMs * (0.5 + random());
    }
    garbageBytes += (mib(20) * tickMs) / 1000;
    const heapUsedBytes = noisy(liveBytes(atMs)) + garbageBytes;
    const heapCommittedBytes = heapUsedBytes * 1.05;
    const workingSetBytes = heapCommittedBytes + noisy(offHeapBytes(atMs));
    const limitBytes = typeof limitOf === 'number' ? limitOf : limitOf(atMs);
    const sample = sampleOf({ atMs, limitBytes, workingSetBytes, heapUsedBytes, heapCommittedBytes });
    tracker.observeSample(sample);
    moments.push({ atMs, trend: tracker.trend(sample, oldSpaceBytes) });
  }
  return moments;
}

/** A whole sample from the members that matter to trend and pressure. */
export function sampleOf(given: {
  readonly atMs: number;
  readonly limitBytes: number;
  readonly workingSetBytes: number;
  readonly heapUsedBytes: number;
  readonly heapCommittedBytes: number;
  readonly heapLimitBytes?: number;
  readonly kernel?: Partial<MemorySample['kernel']>;
}): MemorySample {
  const { atMs, limitBytes, workingSetBytes, heapUsedBytes, heapCommittedBytes } = given;
  return {
    atMs,
    monotonicMs: atMs,
    limitBytes,
    workingSetBytes,
    headroomBytes: limitBytes - workingSetBytes,
    rssBytes: workingSetBytes,
    anonymousBytes: workingSetBytes,
    heapUsedBytes,
    heapCommittedBytes,
    heapLimitBytes: given.heapLimitBytes ?? mib(374),
    externalBytes: 0,
    arrayBuffersBytes: 0,
    workerHeapBytes: 0,
    otherNativeBytes: 0,
    otherProcessesBytes: 0,
    kernel: { limitHitCount: 0, highHitCount: 0, oomKillCount: 0, stalledRatio: Number.NaN, ...given.kernel },
  };
}
