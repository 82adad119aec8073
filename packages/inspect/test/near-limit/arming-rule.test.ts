import { expect, test } from 'vitest';
import { type ArmingObservation, ArmingRule } from '../../src/index.ts';

const calm: ArmingObservation = {
  monotonicMs: 100_000,
  heapUsedBytes: 50,
  heapLimitBytes: 100,
  largestObjectBytes: 1,
  headroomBytes: 2 ** 30,
  floorBytes: 40,
  floorVerdict: 'growing',
  timeToLimitMs: Number.POSITIVE_INFINITY,
};

test.each([
  ['half full and growing', {}, 'stay'],
  ['75 % after collection and growing', { floorBytes: 75, heapUsedBytes: 78 }, 'arm'],
  [
    '75 % after collection, where it always was',
    { floorBytes: 75, heapUsedBytes: 78, floorVerdict: 'flat' },
    'stay',
  ],
  ['85 % used, trend not known yet', { heapUsedBytes: 85, floorVerdict: 'unknown' }, 'arm'],
  ['95 % used, floor flat: garbage', { heapUsedBytes: 95, floorVerdict: 'flat' }, 'stay'],
  ['9 s to the limit', { timeToLimitMs: 9_000 }, 'arm'],
  ['66 % used and a table of 17 % that cannot double', { heapUsedBytes: 66, largestObjectBytes: 17 }, 'arm'],
  ['65 % used and a table of 17 % that can', { heapUsedBytes: 65, largestObjectBytes: 17 }, 'stay'],
  ['no limit known', { heapLimitBytes: 0, heapUsedBytes: 85 }, 'stay'],
  ['not a number', { heapUsedBytes: Number.NaN, floorBytes: Number.NaN }, 'stay'],
] as const)('disarmed, %s → %s', (_what, change, action) => {
  expect(new ArmingRule().observe({ ...calm, ...change }, false).action).toBe(action);
});

test('a table of 40 MiB is let grow where the container has 88 MiB left for it; below that the hook is not armed, or disarmed', () => {
  const mib = 2 ** 20;
  const full = { ...calm, heapUsedBytes: 90 * mib, heapLimitBytes: 100 * mib, largestObjectBytes: 40 * mib };
  const wishes = (headroomBytes: number): string[] =>
    [false, true].map((isArmed) => new ArmingRule().observe({ ...full, headroomBytes }, isArmed).action);
  expect([wishes(88 * mib), wishes(88 * mib - 1)]).toEqual([
    ['arm', 'stay'],
    ['refuse', 'disarm'],
  ]);
});

test('60 s below 60 % disarm, one tick above starts the minute again', () => {
  const rule = new ArmingRule();
  const at = (seconds: number, heapUsedBytes: number): string =>
    rule.observe({ ...calm, monotonicMs: 100_000 + seconds * 1000, heapUsedBytes }, true).action;
  expect([at(0, 59), at(59, 59), at(60, 61), at(61, 59), at(120, 59), at(121, 59)]).toEqual([
    'stay',
    'stay',
    'stay',
    'stay',
    'stay',
    'disarm',
  ]);
});

test('a heap that turned out flat is disarmed after a minute, however full', () => {
  const rule = new ArmingRule();
  const flat = { ...calm, heapUsedBytes: 90, floorVerdict: 'flat' } as const;
  expect(rule.observe(flat, true).action).toBe('stay');
  expect(rule.observe({ ...flat, monotonicMs: 160_000 }, true)).toEqual({
    action: 'disarm',
    reason: 'the heap is flat for 60 s',
  });
});

test('it arms at most once a minute', () => {
  const rule = new ArmingRule();
  const full = { ...calm, heapUsedBytes: 90 };
  const at = (monotonicMs: number): string => rule.observe({ ...full, monotonicMs }, false).action;
  expect([at(0), at(59_999), at(60_000)]).toEqual(['arm', 'stay', 'arm']);
});
