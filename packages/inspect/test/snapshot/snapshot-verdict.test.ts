import { mib } from '@plimsoll/memory';
import { expect, test } from 'vitest';
import { judgeSnapshot, type JudgeSnapshotOptions, predictSnapshotCost } from '../../src/index.ts';

const sample: JudgeSnapshotOptions['sample'] = {
  atMs: 0,
  monotonicMs: 0,
  limitBytes: mib(512),
  workingSetBytes: mib(90),
  headroomBytes: mib(422),
  rssBytes: mib(90),
  anonymousBytes: mib(50),
  heapUsedBytes: mib(20),
  heapCommittedBytes: mib(25),
  heapLimitBytes: mib(400),
  externalBytes: mib(3),
  arrayBuffersBytes: mib(1),
  workerHeapBytes: 0,
  otherNativeBytes: mib(20),
  otherProcessesBytes: 0,
  kernel: { limitHitCount: 0, highHitCount: 0, oomKillCount: 0, stalledRatio: Number.NaN },
};
const cost = {
  nodeCount: 400_000,
  edgeCount: 1_300_000,
  indexCount: 10_000,
  peakBytes: mib(120),
  peakUpperBytes: mib(200),
  residueBytes: mib(200),
  trimmedResidueBytes: mib(30),
  pauseMs: 600,
  pauseUpperMs: 900,
  fileBytes: mib(30),
  basis: 'model',
} as const;
const fits: JudgeSnapshotOptions = {
  cost,
  sample,
  plannedHeapBytes: mib(400),
  growthBytesPerSecond: mib(1),
  cpuQuotaCores: 2,
  maxPauseMs: 1000,
  trimAvailable: true,
};

test('200 MiB at the peak, 30 MiB of residue and 600 ms fit a 512 MiB container at 90 MiB', () => {
  const { affordable, reasons, numbers } = judgeSnapshot(fits);
  expect([affordable, reasons]).toEqual([true, []]);
  expect(numbers).toMatchObject({ pauseMs: 600, residueBytes: mib(30), growthBytes: 629_146 });
});

test('a peak above the headroom is refused with both numbers', () => {
  const { affordable, reasons } = judgeSnapshot({ ...fits, sample: { ...sample, headroomBytes: mib(190) } });
  expect(affordable).toBe(false);
  expect(reasons).toHaveLength(1);
  expect(reasons[0]).toMatch(/^A snapshot may need 201 MiB at its peak; 180 MiB of 512 MiB can be used\.$/);
});

test('untrimmed, 200 MiB of residue do not fit beside the full planned heap', () => {
  const { reasons } = judgeSnapshot({ ...fits, trimAvailable: false });
  expect(reasons).toHaveLength(1);
  expect(reasons[0]).toMatch(
    /200 MiB may stay resident afterwards, because nothing trims malloc .* 400 MiB there is room for/,
  );
});

test('at a quarter of a core 600 ms become 2,400 and are refused', () => {
  const { reasons, numbers } = judgeSnapshot({ ...fits, cpuQuotaCores: 0.25 });
  expect(numbers['pauseMs']).toBe(2400);
  expect(reasons).toEqual([
    'The service would stand still for about 2400 ms at 0.25 cores; 1000 ms are allowed.',
  ]);
});

test('not a number anywhere means not affordable', () => {
  expect(judgeSnapshot({ ...fits, sample: { ...sample, headroomBytes: Number.NaN } }).affordable).toBe(false);
});

test('a large object costs 1 kB for each slot, at most that of the largest object seen', () => {
  const heap = { heapUsedBytes: mib(40), largeObjectBytes: mib(8) };
  const unseen = predictSnapshotCost(heap, 20);
  const seen = predictSnapshotCost({ ...heap, largestObjectBytes: mib(1) }, 20);
  expect(unseen.peakUpperBytes - seen.peakUpperBytes).toBe(((mib(8) - mib(1)) / 8) * 1130);
  expect(unseen.peakUpperBytes).toBeGreaterThan(unseen.peakBytes);
});

test('what an earlier snapshot has left is used first: 200 MiB fit 60 MiB of headroom beside 160 MiB of residue', () => {
  const full = { ...sample, workingSetBytes: mib(440), headroomBytes: mib(72) };
  const again = { ...fits, sample: full, plannedHeapBytes: mib(40), trimAvailable: false };
  expect(judgeSnapshot(again).affordable).toBe(false);
  const { affordable, numbers } = judgeSnapshot({ ...again, reusableBytes: mib(160) });
  expect([affordable, numbers['residueBytes'], numbers['reusableBytes']]).toEqual([true, mib(40), mib(160)]);
});
