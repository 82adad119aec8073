import { expect, test } from 'vitest';
import { mib } from '../../src/index.ts';
import { TrendTracker } from '../../src/trend/trend-tracker.ts';
import { live, type Moment, sampleOf, type SyntheticService } from './synthetic-service.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const seeds = [1, 2, 3] as const;

function growing(moments: readonly Moment[]): Moment[] {
  return moments.filter(({ trend }) => trend.verdict === 'growing');
}

/** Share of the moments from `fromMs` on in which the verdict is growing. */
function growingRatio(moments: readonly Moment[], fromMs: number): number {
  const later = moments.filter(({ atMs }) => atMs >= fromMs);
  return growing(later).length / later.length;
}

test.each(seeds)('a sawtooth of garbage over 80 MiB is flat from the first minute on (seed %i)', (seed) => {
  const moments = live({ durationMs: HOUR_MS, tickMs: 2000, liveBytes: () => mib(80) }, seed);
  expect(growing(moments)).toEqual([]);
  expect(moments.at(90_000 / 2000)?.trend.verdict).toBe('flat');
  expect(moments.at(-1)?.trend.floorBytes).toBeGreaterThan(mib(78));
});

test.each(seeds)(
  'a leak of 1 MiB a minute is growing within 5 minutes, and its rate and time are right to 20 % (seed %i)',
  (seed) => {
    const moments = live(
      { durationMs: 30 * MINUTE_MS, liveBytes: (atMs) => mib(50 + atMs / MINUTE_MS) },
      seed,
    );
    const first = growing(moments)[0];
    expect(first?.atMs).toBeLessThan(5 * MINUTE_MS);
    expect(growingRatio(moments, 5 * MINUTE_MS)).toBe(1);
    const { trend } = moments.at(-1) as Moment;
    expect(trend.series).toBe('heap-floor');
    expect((trend.slopeBytesPerSecond * 60) / mib(1)).toBeCloseTo(1, 0);
    expect(trend.slopeLowBytesPerSecond * 60).toBeGreaterThan(mib(0.8));
    expect(trend.slopeHighBytesPerSecond * 60).toBeLessThan(mib(1.2));
    expect(trend.timeToLimitMs / MINUTE_MS).toBeGreaterThan(270 * 0.8);
    expect(trend.timeToLimitMs / MINUTE_MS).toBeLessThan(270 * 1.2);
  },
);

test.each(seeds)('a leak of 30 MiB/s is growing after 3 s, with 8 s left to within 2 s (seed %i)', (seed) => {
  const service: SyntheticService = {
    durationMs: 3_000,
    tickMs: 100,
    collectEveryMs: 400,
    liveBytes: (atMs) => mib(30 + (30 * atMs) / 1000),
  };
  const { trend } = live(service, seed).at(-1) as Moment;
  expect(trend.verdict).toBe('growing');
  // 350 MiB of old space − 120 MiB, at 30 MiB/s.
  expect(trend.timeToLimitMs).toBeGreaterThan(6_000);
  expect(trend.timeToLimitMs).toBeLessThan(10_000);
});

test('a leak of 10 MiB an hour is growing within 2 hours', () => {
  const moments = live({
    durationMs: 4 * HOUR_MS,
    tickMs: 15_000,
    collectEveryMs: 20_000,
    liveBytes: (atMs) => mib(80 + (10 * atMs) / HOUR_MS),
  });
  expect(growing(moments)[0]?.atMs).toBeLessThan(2 * HOUR_MS);
  expect(growingRatio(moments, 2 * HOUR_MS)).toBe(1);
});

test.each(seeds)('a cache that warms up in 2 minutes is flat from minute 15 on (seed %i)', (seed) => {
  const warm = (atMs: number) => mib(30 + 150 * (1 - Math.exp(-atMs / (2 * MINUTE_MS))));
  const moments = live({ durationMs: HOUR_MS, tickMs: 2000, liveBytes: warm }, seed);
  expect(growingRatio(moments, 15 * MINUTE_MS)).toBe(0);
  expect(moments.at(-1)?.trend.verdict).toBe('flat');
});

test.each(seeds)('a step of 80 MiB is no growth (seed %i)', (seed) => {
  const step = (atMs: number) => mib(atMs < 20 * MINUTE_MS ? 60 : 140);
  expect(growing(live({ durationMs: HOUR_MS, tickMs: 2000, liveBytes: step }, seed))).toEqual([]);
});

test.each(seeds)(
  'a cache flushed every 10 minutes is no growth once two rounds were seen (seed %i)',
  (seed) => {
    const rounds = (atMs: number) => mib(60 + 100 * ((atMs % (10 * MINUTE_MS)) / (10 * MINUTE_MS)));
    const moments = live({ durationMs: 1.5 * HOUR_MS, tickMs: 2000, liveBytes: rounds }, seed);
    expect(growingRatio(moments, 35 * MINUTE_MS)).toBe(0);
  },
);

test('the rise of a second and third day to the peak of the first is no growth', () => {
  const day = (atMs: number) => mib(120 - 60 * Math.cos((2 * Math.PI * atMs) / (24 * HOUR_MS)));
  const moments = live({ durationMs: 60 * HOUR_MS, tickMs: 60_000, collectEveryMs: 60_000, liveBytes: day });
  expect(growingRatio(moments, 16 * HOUR_MS)).toBe(0);
});

test('a leak of 2 MiB an hour under a rhythm of 80 MiB a day is growing by the second day’s peak', () => {
  const day = (atMs: number) =>
    mib(100 + (2 * atMs) / HOUR_MS - 40 * Math.cos((2 * Math.PI * atMs) / (24 * HOUR_MS)));
  const moments = live({ durationMs: 48 * HOUR_MS, tickMs: 60_000, collectEveryMs: 60_000, liveBytes: day });
  expect(growingRatio(moments, 30 * HOUR_MS)).toBeGreaterThan(0.25);
});

test.each(seeds)('2 MiB a minute beside a flat heap is growth off the heap (seed %i)', (seed) => {
  const moments = live(
    {
      durationMs: 20 * MINUTE_MS,
      liveBytes: () => mib(60),
      offHeapBytes: (atMs) => mib(60 + (2 * atMs) / MINUTE_MS),
    },
    seed,
  );
  const { trend } = moments.at(-1) as Moment;
  expect([trend.series, trend.verdict, trend.heapFloor.verdict]).toEqual(['off-heap', 'growing', 'flat']);
  expect((trend.offHeap.slopeBytesPerSecond * 60) / mib(2)).toBeCloseTo(1, 0);
});

test('with 15 % of noise fewer than 1 moment in 500 is called growing', () => {
  for (const seed of seeds) {
    const moments = live({ durationMs: HOUR_MS, liveBytes: () => mib(100), noiseRatio: 0.15 }, seed);
    expect(growingRatio(moments, 0)).toBeLessThan(0.002);
  }
});

test('a tightest level that changes from the pod to the container makes no growth of it', () => {
  const moments = live({
    durationMs: 20 * MINUTE_MS,
    liveBytes: () => mib(80),
    // The working set of the container counts 200 MiB less than that of its pod, whose limit is 200 MiB higher.
    limitBytes: (atMs) => mib(512 + (atMs > 8 * MINUTE_MS ? 200 : 0)),
    offHeapBytes: (atMs) => mib(60 + (atMs > 8 * MINUTE_MS ? 200 : 0)),
  });
  expect(growing(moments)).toEqual([]);
  expect(moments.at(-1)?.trend.workingSet.verdict).toBe('flat');
});

test('a leak of 4 MiB a minute off the heap keeps its rate when the limit doubles under it', () => {
  const raisedMs = 10 * MINUTE_MS;
  const moments = live({
    durationMs: 12 * MINUTE_MS,
    noiseRatio: 0.003,
    liveBytes: () => mib(60),
    // The container is raised and, with it, the level that is tightest: the pod, which counts 300 MiB of others.
    limitBytes: (atMs) => mib(atMs > raisedMs ? 1024 : 512),
    offHeapBytes: (atMs) => mib(60 + (4 * atMs) / MINUTE_MS + (atMs > raisedMs ? 300 : 0)),
  });
  const after = moments.filter(({ atMs }) => atMs > raisedMs + 30_000);
  expect(after.length).toBeGreaterThan(80);
  for (const { trend } of after) {
    expect(trend.offHeap.verdict).toBe('growing');
    expect((trend.offHeap.slopeBytesPerSecond * 60) / mib(4)).toBeCloseTo(1, 0);
  }
});

test.each(seeds)(
  'Buffers that come and go, 80 MiB in 1.5 s, are no growth at ticks of 100 ms (seed %i)',
  (seed) => {
    const moments = live(
      {
        durationMs: 2 * MINUTE_MS,
        tickMs: 100,
        collectEveryMs: 700,
        liveBytes: () => mib(60),
        offHeapBytes: (atMs) => mib(60 + 80 * ((atMs % 1500) / 1500)),
      },
      seed,
    );
    expect(growing(moments)).toEqual([]);
  },
);

test.each(seeds)('50 MiB/s of Buffers are growing within 3 s (seed %i)', (seed) => {
  const moments = live(
    {
      durationMs: 3_500,
      tickMs: 100,
      collectEveryMs: 1_000,
      liveBytes: () => mib(30),
      offHeapBytes: (atMs) => mib(60 + (50 * atMs) / 1000),
    },
    seed,
  );
  expect(growing(moments)[0]?.atMs).toBeLessThanOrEqual(3_000);
  expect(moments.at(-1)?.trend.series).toBe('off-heap');
});

test('a pure leak of 250 kB/s that V8 collects four times by half of its limit is growing there', () => {
  const tracker = new TrendTracker();
  const limits = { limitBytes: mib(256), heapLimitBytes: mib(181) };
  const verdicts = [24, 41, 61, 82].map((megabytes) => {
    const atMs = (mib(megabytes) / 250_000) * 1000;
    tracker.observeCollection(atMs, mib(megabytes));
    const heapUsedBytes = mib(megabytes);
    const heapCommittedBytes = mib(megabytes + 4);
    const workingSetBytes = mib(megabytes + 48);
    const sample = sampleOf({ atMs, ...limits, workingSetBytes, heapUsedBytes, heapCommittedBytes });
    tracker.observeSample(sample);
    return tracker.trend(sample, mib(157)).heapFloor.verdict;
  });
  expect(verdicts).toEqual(['unknown', 'unknown', 'unknown', 'growing']);
});

test.each(seeds)(
  'a cache that fills ever more slowly, like n to the 0.7, is no growth after 10 min (seed %i)',
  (seed) => {
    const fill = (atMs: number) => mib(15 + 60 * Math.min(1, atMs / HOUR_MS) ** 0.7);
    const moments = live({ durationMs: 2 * HOUR_MS, tickMs: 2000, liveBytes: fill }, seed);
    expect(growingRatio(moments, 10 * MINUTE_MS)).toBeLessThan(0.01);
  },
);
