import { mib } from '@plimsoll/memory';
import { expect, test } from 'vitest';
import { growHeap, type HeapPlan, planHeap, type PlanHeapOptions } from '../src/index.ts';

const plan = (options: PlanHeapOptions): HeapPlan => planHeap({ ...options, nodeMajor: 24 });
const started = plan({ limitBytes: mib(128) }).heapLimitBytes;
const planned = plan({ limitBytes: mib(512) }).heapLimitBytes;
const atLimit = {
  limitBytes: mib(512),
  plannedLimitBytes: mib(128),
  heapLimitBytes: started,
  heapUsedBytes: mib(50),
  nextHeapLimitBytes: mib(69),
  startedHeapLimitBytes: started,
  headroomBytes: mib(400),
  externalBytes: 0,
};

test('in a container that grows from 128 to 512 MiB the heap may become that of the plan', () => {
  expect(growHeap(atLimit, plan)).toBe(planned);
});

test('what was kept back at the start, 20 MiB for a package manager, is kept back again', () => {
  const kept = { startedHeapLimitBytes: started - mib(20) };
  expect(growHeap({ ...atLimit, ...kept }, plan)).toBe(planned - mib(20));
});

const lastStep = {
  heapLimitBytes: planned - mib(30),
  heapUsedBytes: planned - mib(30),
  nextHeapLimitBytes: planned + mib(40),
};

test('a last step of 70 MiB that passes the plan by 40 is taken with 90 MiB of headroom, evidence included', () => {
  expect(growHeap({ ...atLimit, ...lastStep, headroomBytes: mib(90) }, plan)).toBe(planned + mib(40));
});

test.each([
  ['a last step of 70 MiB with 89 MiB of headroom', { ...lastStep, headroomBytes: mib(89) }],
  ['a heap that is as large as the plan within 8 MiB', { ...lastStep, heapLimitBytes: planned - mib(7) }],
  ['the same limit', { limitBytes: mib(128) }],
  ['a smaller limit', { limitBytes: mib(100) }],
  ['Buffers that leave no heap in the first limit', { externalBytes: mib(100) }],
])('%s lets nothing grow', (_, terms) => {
  expect(growHeap({ ...atLimit, ...terms }, plan)).toBeUndefined();
});
