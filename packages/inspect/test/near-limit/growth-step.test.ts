import { expect, test } from 'vitest';
import { nextHeapLimitBytes } from '../../src/near-limit/growth-step.ts';

const MIB = 2 ** 20;
const terms = { firstOldSpaceBytes: 48 * MIB, youngBytes: 6 * MIB };

test('a heap of 48 MiB becomes 60 and the 6 MiB of the young generation', () => {
  expect(nextHeapLimitBytes({ ...terms, heapUsedBytes: 48 * MIB })).toBe(66 * MIB);
});

test('the step to four times the first old space is not taken: V8 would not pause there again', () => {
  expect(nextHeapLimitBytes({ ...terms, heapUsedBytes: 153 * MIB })).toBe(197.25 * MIB);
  expect(nextHeapLimitBytes({ ...terms, heapUsedBytes: 154 * MIB })).toBeUndefined();
});
