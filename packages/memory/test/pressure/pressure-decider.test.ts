import { expect, test } from 'vitest';
import { gib, isPlimsollError, mib, type MemoryTrend, type SeriesTrend } from '../../src/index.ts';
import { PressureDecider } from '../../src/pressure/pressure-decider.ts';
import { sampleOf } from '../trend/synthetic-service.ts';

const quiet: SeriesTrend = {
  series: 'heap-floor',
  bytes: 0,
  slopeBytesPerSecond: 0,
  slopeLowBytesPerSecond: 0,
  slopeHighBytesPerSecond: 0,
  timeToLimitMs: Number.POSITIVE_INFINITY,
  verdict: 'flat',
  pointCount: 10,
  spanMs: 60_000,
};

function trendOf(floorBytes: number, timeToLimitMs = Number.POSITIVE_INFINITY): MemoryTrend {
  const leading = { ...quiet, timeToLimitMs };
  return {
    ...leading,
    floorBytes,
    majorCollectionCount: 1,
    heapFloor: leading,
    workingSet: { ...quiet, series: 'working-set' },
    offHeap: { ...quiet, series: 'off-heap' },
  };
}

/** A container of 512 MiB under a default V8 limit of 2 GiB, so that the working set decides. */
function unplanned(atMs: number, workingSetBytes: number, limitBytes: number = mib(512)) {
  return sampleOf({
    atMs,
    limitBytes,
    workingSetBytes,
    heapUsedBytes: mib(50),
    heapCommittedBytes: mib(60),
    heapLimitBytes: Math.max(gib(2), 2 * limitBytes),
  });
}

/** A container of 512 MiB with a heap of 350 MiB old space planned for it. */
function planned(atMs: number, heapBytes: number, offHeapBytes: number) {
  return sampleOf({
    atMs,
    limitBytes: mib(512),
    workingSetBytes: heapBytes + offHeapBytes,
    heapUsedBytes: heapBytes,
    heapCommittedBytes: heapBytes,
    heapLimitBytes: mib(398),
  });
}

test('without a plan the levels begin at 75, 90 and 97 % of the limit', () => {
  const decider = new PressureDecider();
  const levels = [0.5, 0.74, 0.76, 0.89, 0.91, 0.96, 0.98].map((ratio, second) => {
    decider.decide(unplanned(second * 100, ratio * mib(512)), trendOf(mib(50)), gib(2));
    return decider.level;
  });
  expect(levels).toEqual(['normal', 'normal', 'elevated', 'elevated', 'critical', 'critical', 'terminal']);
  expect(decider.reason).toBe('98 % of the limit of 512 MiB is in use');
});

test('a level ends after 5 s below its share by 5 %, not before and not at the first dip', () => {
  const decider = new PressureDecider();
  const at = (atMs: number, ratio: number) => {
    decider.decide(unplanned(atMs, ratio * mib(512)), trendOf(mib(50)), gib(2));
    return decider.level;
  };
  expect(at(0, 0.92)).toBe('critical');
  expect(at(1_000, 0.87)).toBe('critical');
  expect(at(20_000, 0.86)).toBe('critical');
  expect(at(21_000, 0.84)).toBe('critical');
  expect(at(25_000, 0.86)).toBe('critical');
  expect(at(26_000, 0.5)).toBe('critical');
  expect(at(30_000, 0.5)).toBe('critical');
  expect(at(31_000, 0.5)).toBe('normal');
});

test('a planned heap full of garbage is normal at 95 % of the container', () => {
  const decider = new PressureDecider();
  decider.decide(planned(0, mib(390), mib(96)), trendOf(mib(120)), mib(350));
  expect([decider.isHeapContained, decider.level]).toEqual([true, 'normal']);
});

test('a planned heap is critical when 90 % of old space cannot be collected', () => {
  const decider = new PressureDecider();
  expect(decider.decide(planned(0, mib(330), mib(60)), trendOf(mib(316)), mib(350))).toBe(true);
  expect([decider.level, decider.reason]).toEqual([
    'critical',
    '90 % of the heap V8 may use (350 MiB) cannot be collected',
  ]);
  expect(decider.excessBytes).toBeCloseTo(mib(316 - 0.7 * 350), -1);
});

test('what grows beside a planned heap takes its containment away, and then the container decides', () => {
  const decider = new PressureDecider();
  const levels = [60, 108, 140, 220].map((offHeapMib, second) => {
    decider.decide(planned(second * 1000, mib(300), mib(offHeapMib)), trendOf(mib(100)), mib(350));
    return [decider.isHeapContained, decider.level];
  });
  expect(levels).toEqual([
    [true, 'normal'],
    // 512 − 108 − 398 leaves 6 MiB: contained until nothing is left.
    [true, 'normal'],
    [false, 'elevated'],
    [false, 'terminal'],
  ]);
});

test('a limit 10 min, 1 min and 3 s away is elevated, critical and terminal', () => {
  const decider = new PressureDecider();
  const levels = [700_000, 590_000, 59_000, 2_900].map((timeMs, second) => {
    decider.decide(planned(second * 1000, mib(150), mib(60)), trendOf(mib(150), timeMs), mib(350));
    return decider.level;
  });
  expect(levels).toEqual(['normal', 'elevated', 'critical', 'terminal']);
  expect(decider.reason).toBe('the limit is 2.9 s away at the present growth');
});

test('64 GiB are elevated from 1 GiB of headroom, critical from 256 MiB, terminal from 64 MiB', () => {
  const decider = new PressureDecider();
  const limitBytes = gib(64);
  const levels = [gib(6), mib(1000), mib(250), mib(60)].map((headroomBytes, second) => {
    decider.decide(unplanned(second * 100, limitBytes - headroomBytes, limitBytes), trendOf(mib(50)), gib(2));
    return decider.level;
  });
  expect(levels).toEqual(['normal', 'elevated', 'critical', 'terminal']);
});

test('1,000 failed charges a second are critical only with the headroom gone: reading files fails them too', () => {
  const decider = new PressureDecider();
  const at = (atMs: number, workingSetBytes: number, limitHitCount: number) => {
    const kernel = { ...unplanned(0, 0).kernel, limitHitCount };
    decider.decide({ ...unplanned(atMs, workingSetBytes), kernel }, trendOf(mib(50)), gib(2));
    return decider.level;
  };
  expect(at(0, mib(200), 0)).toBe('normal');
  expect(at(1000, mib(200), 1000)).toBe('normal');
  expect(at(2000, mib(400), 1100)).toBe('elevated');
  expect(at(3000, mib(400), 2100)).toBe('critical');
  expect(decider.reason).toMatch(/stalls the process/);
});

test.each([
  { elevatedRatio: 0.95 },
  { terminalRatio: 1.2 },
  { hysteresisRatio: 0.8 },
  { criticalTimeMs: 0 },
  { elevatedRatio: Number.NaN },
])('thresholds %o are refused with all their values', (thresholds) => {
  try {
    expect.unreachable(new PressureDecider(thresholds).level);
  } catch (error) {
    if (!isPlimsollError(error, 'ERR_PLIMSOLL_OPTION')) throw error;
    expect(error.message).toContain('0 < elevated < critical < terminal ≤ 1');
  }
});
