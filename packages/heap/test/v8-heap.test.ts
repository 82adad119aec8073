import { gib, mib } from '@plimsoll/memory';
import { expect, test } from 'vitest';
import { predictV8Heap, readUserHeapFlags } from '../src/index.ts';

/** `heap_size_limit` in MiB, measured in cgroups of these limits (MiB) on Node.js 20.20, 22.23, 24.21 and 26.10. */
const measured: readonly (readonly [limit: number, n20: number, n22: number, n24: number, n26: number])[] = [
  [100, 259, 259, 259, 262],
  [256, 259, 259, 259, 262],
  [300, 259, 259, 259, 268],
  [512, 259, 259, 259, 268],
  [600, 312, 312, 348, 324],
  [700, 362, 362, 398, 374],
  [1000, 512, 512, 548, 524],
  [1024, 524, 524, 560, 536],
  [1500, 774, 774, 846, 798],
  [3000, 1548, 1548, 1692, 1596],
  [6000, 2096, 2096, 2240, 2144],
  [16_384, 4144, 4144, 4288, 4192],
];

test.each(measured)(
  'in %i MiB V8 gives itself what was measured on Node.js 20, 22, 24, 26',
  (limit, ...limits) => {
    const predicted = [20, 22, 24, 26].map(
      (nodeMajor) => predictV8Heap({ limitBytes: mib(limit), nodeMajor }).heapLimitBytes / mib(1),
    );
    expect(predicted).toEqual(limits);
  },
);

test.each([
  ['--max-old-space-size=300', 300 + 3],
  ['--max-old-space-size=300 --max-semi-space-size=8', 324],
  ['--max-heap-size=200', 200],
  ['--max-old-space-size-percentage=50', 128 + 3],
])('with %s a limit of 256 MiB gives a heap limit of %i MiB', (nodeOptions, heapMib) => {
  const flags = readUserHeapFlags({ execArgv: [], nodeOptions });
  const { heapLimitBytes } = predictV8Heap({ limitBytes: mib(256), nodeMajor: 24, flags });
  expect(heapLimitBytes).toBe(mib(heapMib));
});

test('from 15 GiB of memory on the old space may be 4 GiB instead of 2', () => {
  const oldSpaceBytes = (limitBytes: number) => predictV8Heap({ limitBytes, nodeMajor: 20 }).oldSpaceBytes;
  expect([gib(14), gib(15)].map(oldSpaceBytes)).toEqual([gib(2), gib(4)]);
});
