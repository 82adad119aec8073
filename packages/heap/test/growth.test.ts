import { mib } from '@plimsoll/memory';
import { expect, test } from 'vitest';
import { growHeap, type HeapPlan, planHeap, type PlanHeapOptions } from '../src/index.ts';

const plan = (options: PlanHeapOptions): HeapPlan => planHeap({ ...options, nodeMajor: 24 });
const { heapLimitBytes: started, oldSpaceBytes } = plan({ limitBytes: mib(128) });
const atLimit = {
  limitBytes: mib(512),
  plannedLimitBytes: mib(128),
  heapUsedBytes: mib(50),
  startedHeapLimitBytes: started,
  startedOldSpaceBytes: oldSpaceBytes,
  externalBytes: 0,
};

test('a container that grows from 128 to 256 MiB lets the heap grow from 53 to the 181 MiB of the plan', () => {
  expect(started).toBe(mib(53));
  expect(growHeap({ ...atLimit, limitBytes: mib(256) }, plan)).toBe(mib(181));
});

test('to 512 MiB it grows to four times its old space and the young generation, 4 × 47 + 6 MiB, and not to the 428 of the plan', () => {
  expect(growHeap(atLimit, plan)).toBe(mib(194));
});

test('what was kept back at the start, 20 MiB for a package manager, is kept back again', () => {
  const kept = { limitBytes: mib(256), startedHeapLimitBytes: started - mib(20) };
  expect(growHeap({ ...atLimit, ...kept }, plan)).toBe(mib(161));
});

test.each([
  ['the same limit', { limitBytes: mib(128) }],
  ['a smaller limit', { limitBytes: mib(100) }],
  ['a heap that is as large as the new limit within 8 MiB', { heapUsedBytes: mib(187) }],
  ['Buffers that leave no heap in the first limit', { externalBytes: mib(100) }],
])('%s lets nothing grow', (_, terms) => {
  expect(growHeap({ ...atLimit, ...terms }, plan)).toBeUndefined();
});
