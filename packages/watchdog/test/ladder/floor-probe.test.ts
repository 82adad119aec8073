import { mib } from '@plimsoll/memory';
import { expect, test } from 'vitest';
import { FloorProbe } from '../../src/ladder/floor-probe.ts';
import { sampleOf } from '../sample.ts';
import { momentOf, seriesOf, trendOf } from './moment.ts';

interface Service {
  /** What is alive after `seconds`. */
  live(seconds: number): number;
  /** Garbage promoted in a second. */
  readonly garbagePerSecond: number;
  /** The lower bound of the trend's slope. @default 0 */
  readonly slopeLowBytesPerSecond?: number;
  /** The trend's verdict by the number of floors it has seen. */
  verdict(floorCount: number): 'unknown' | 'flat' | 'growing';
}

/** Runs a service for `minutes` at a tick a second, collected by the probe alone; the seconds at which it was. */
function probedAt(service: Service, minutes: number, isUseful = () => true): number[] {
  const seconds: number[] = [];
  let second = 0;
  let floorBytes = service.live(0);
  let garbageBytes = 0;
  const probe = new FloorProbe(() => {
    seconds.push(second);
    garbageBytes = 0;
    return 5;
  });
  for (; second < minutes * 60; second += 1) {
    garbageBytes += service.garbagePerSecond;
    if (seconds.at(-1) === second - 1) floorBytes = service.live(second - 1);
    const trend = trendOf({
      floorBytes,
      majorCollectionCount: seconds.length,
      heapFloor: seriesOf({
        verdict: service.verdict(seconds.length),
        slopeLowBytesPerSecond: service.slopeLowBytesPerSecond ?? 0,
      }),
    });
    const sample = sampleOf({
      monotonicMs: second * 1000,
      heapUsedBytes: service.live(second) + garbageBytes,
    });
    probe.tick(momentOf({ sample, trend }), isUseful);
  }
  return seconds;
}

test('a leak of 70 kB a second is collected six times within 85 s, then every 30 s while it grows', () => {
  const leak: Service = {
    live: (seconds) => mib(8) + seconds * 70_000,
    garbagePerSecond: 0,
    verdict: (floorCount) => (floorCount >= 6 ? 'growing' : 'unknown'),
  };
  expect(probedAt(leak, 4)).toEqual([30, 41, 52, 63, 74, 85, 115, 145, 175, 205, 235]);
});

test('a service that only makes garbage is collected 6 times in its first hour, ever more seldom', () => {
  const healthy: Service = { live: () => mib(12), garbagePerSecond: 9_000, verdict: () => 'flat' };
  const seconds = probedAt(healthy, 60);
  expect(seconds).toHaveLength(6);
  const gaps = seconds.slice(1).map((second, index) => second - (seconds[index] ?? 0));
  expect(gaps.toSorted((a, b) => a - b)).toEqual(gaps);
});

test('a floor that rises beyond doubt, but by too little to matter yet, is followed every 11 s for 11 minutes', () => {
  const slow: Service = {
    live: (seconds) => mib(8) + seconds * 70_000,
    garbagePerSecond: 0,
    slopeLowBytesPerSecond: 60_000,
    verdict: () => 'flat',
  };
  const seconds = probedAt(slow, 9);
  expect(seconds).toHaveLength(47);
  expect(seconds.at(-1)).toBe(30 + 46 * 11);
});

test('a rise that stops without a verdict costs 8 collections, then a minute of rest', () => {
  const step: Service = {
    live: (seconds) => mib(8) + Math.min(seconds, 45) * 100_000,
    garbagePerSecond: 1000,
    verdict: () => 'unknown',
  };
  expect(probedAt(step, 10)).toHaveLength(8);
});

test('no collection above 48 MiB of heap, none in the first 20 s, none where no snapshot would fit', () => {
  const large: Service = { live: () => mib(49), garbagePerSecond: 1e6, verdict: () => 'unknown' };
  expect(probedAt(large, 10)).toEqual([]);
  const starting: Service = { live: () => mib(8), garbagePerSecond: 1e6, verdict: () => 'unknown' };
  expect(probedAt(starting, 2)[0]).toBe(20);
  expect(probedAt(starting, 10, () => false)).toEqual([]);
});

test('a process whose heap cannot be collected is asked once', () => {
  let askedCount = 0;
  const probe = new FloorProbe(() => {
    askedCount += 1;
    return undefined;
  });
  for (let second = 0; second < 600; second += 1) {
    const sample = sampleOf({ monotonicMs: second * 1000, heapUsedBytes: mib(8) + second * 60_000 });
    const trend = trendOf({
      floorBytes: mib(8),
      majorCollectionCount: 0,
      heapFloor: seriesOf({ verdict: 'unknown' }),
    });
    probe.tick(momentOf({ sample, trend }), () => true);
  }
  expect(askedCount).toBe(1);
});

test('a heap above 48 MiB whose floors all rose is collected when it is half full, four times at most', () => {
  const askedAtMib: number[] = [];
  let heapUsedBytes = 0;
  let floorBytes = mib(60);
  const probe = new FloorProbe(() => {
    askedAtMib.push(Math.round(heapUsedBytes / mib(1)));
    floorBytes = heapUsedBytes;
    return 40;
  });
  const isRising = seriesOf({ verdict: 'unknown', slopeLowBytesPerSecond: 200_000, pointCount: 3 });
  for (let second = 0; second < 400; second += 1) {
    heapUsedBytes = mib(60) + second * mib(0.3);
    const sample = sampleOf({ monotonicMs: second * 1000, heapUsedBytes, heapLimitBytes: mib(200) });
    const trend = trendOf({ floorBytes, majorCollectionCount: askedAtMib.length, heapFloor: isRising });
    probe.tick(momentOf({ sample, trend }), () => false);
  }
  expect(askedAtMib).toEqual([104, 116, 128, 140]);
});
