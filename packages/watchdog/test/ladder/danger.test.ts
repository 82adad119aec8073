import { mib } from '@plimsoll/memory';
import { expect, test } from 'vitest';
import { findDanger } from '../../src/ladder/danger.ts';
import { sampleOf } from '../sample.ts';
import { momentOf, seriesOf, trendOf } from './moment.ts';

const bounds = { triggerRatio: 0.85, triggerBytes: null };
const growing = seriesOf({
  verdict: 'growing',
  slopeBytesPerSecond: mib(2),
  slopeHighBytesPerSecond: mib(3),
  timeToLimitMs: 40_000,
});

test('a calm service is no danger', () => {
  expect(findDanger(momentOf(), bounds)).toBeUndefined();
});

test('a contained heap full of garbage is no danger: 240 of 256 MiB in use, 50 MiB of it live', () => {
  const sample = sampleOf({
    workingSetBytes: mib(240),
    headroomBytes: mib(16),
    heapCommittedBytes: mib(190),
  });
  expect(findDanger(momentOf({ sample }), bounds)).toBeUndefined();
  expect(findDanger(momentOf({ sample, isHeapContained: false }), bounds)).toMatchObject({
    trigger: 'ratio',
  });
});

test('a floor that grows by 2 MiB a second and meets its limit in 40 s is growth', () => {
  expect(findDanger(momentOf({ trend: trendOf({ heapFloor: growing }) }), bounds)).toEqual({
    trigger: 'growth',
    sentence:
      'The heap after garbage collection grows by 2 MiB a second and reaches its limit in 40 s: working set 100 MiB of 256 MiB, heap 60 MiB of 199 MiB, Buffers and other external memory 4 MiB.',
  });
});

test('growth seen for 5 s in a service that starts is no danger until half of the limit is in use', () => {
  const trend = trendOf({ heapFloor: { ...growing, spanMs: 5000 } });
  expect(findDanger(momentOf({ trend }), bounds)).toBeUndefined();
  const half = trendOf({ heapFloor: { ...growing, spanMs: 5000 }, floorBytes: mib(100) });
  expect(findDanger(momentOf({ trend: half }), bounds)).toMatchObject({ trigger: 'growth' });
});

test('growth that takes 11 minutes to the limit waits', () => {
  const trend = trendOf({ heapFloor: { ...growing, timeToLimitMs: 660_000 } });
  expect(findDanger(momentOf({ trend }), bounds)).toBeUndefined();
});

test('of two series that grow the one that meets its limit first gives the name', () => {
  const offHeap = { ...growing, timeToLimitMs: 10_000 };
  const trend = trendOf({ heapFloor: growing, offHeap });
  expect(findDanger(momentOf({ trend }), bounds)).toMatchObject({ trigger: 'off-heap' });
});

test('beside a heap that is 75 % full, growth outside it is not the name', () => {
  const trend = trendOf({ offHeap: growing, floorBytes: mib(150) });
  expect(findDanger(momentOf({ trend, level: 'critical' }), bounds)).toMatchObject({ trigger: 'critical' });
});

test('a critical level opens an incident from half of the limit on', () => {
  expect(findDanger(momentOf({ level: 'critical' }), bounds)).toBeUndefined();
  const sample = sampleOf({ workingSetBytes: mib(150), headroomBytes: mib(106) });
  expect(findDanger(momentOf({ sample, level: 'critical' }), bounds)).toMatchObject({ trigger: 'critical' });
});

test('an absolute bound of 75 MiB opens an incident whatever the limit is', () => {
  expect(findDanger(momentOf(), { triggerRatio: 1, triggerBytes: mib(75) })).toEqual({
    trigger: 'bytes',
    sentence: expect.stringMatching(/^75 MiB are in use: /),
  });
});

test('what is foretold reaches 1.5 times as far as what was seen: 60 s of growth tell of 90 s', () => {
  const within = trendOf({ heapFloor: { ...growing, spanMs: 60_000, timeToLimitMs: 90_000 } });
  const beyond = trendOf({ heapFloor: { ...growing, spanMs: 60_000, timeToLimitMs: 91_000 } });
  expect(findDanger(momentOf({ trend: within }), bounds)?.trigger).toBe('growth');
  expect(findDanger(momentOf({ trend: beyond }), bounds)).toBeUndefined();
});

test('a floor that grows by verdict is half of the limit 20 s after it was seen at 45 %, if that much is in use', () => {
  const heapFloor = { ...growing, slopeLowBytesPerSecond: mib(1), lastPointMs: 0, spanMs: 5000 };
  const trend = trendOf({ heapFloor, floorBytes: mib(90) });
  const after = (seconds: number, usedMib: number) =>
    findDanger(
      momentOf({ trend, sample: sampleOf({ monotonicMs: seconds * 1000, heapUsedBytes: mib(usedMib) }) }),
      bounds,
    )?.trigger;
  expect([after(5, 130), after(20, 130), after(20, 98)]).toEqual([undefined, 'growth', undefined]);
});
