import { mib } from '@plimsoll/memory';
import { expect, test } from 'vitest';
import { assessHeap, planHeap, predictV8Heap, readUserHeapFlags } from '../src/index.ts';

function assess(limitMib: number, nodeOptions = '', externalBytes = 0) {
  const limitBytes = mib(limitMib);
  const flags = readUserHeapFlags({ execArgv: [], nodeOptions });
  const heap = predictV8Heap({ limitBytes, nodeMajor: 24, flags });
  return assessHeap({ limitBytes, heap, nodeMajor: 24, externalBytes });
}

test('V8’s default in 256 MiB is a kill', () => {
  expect(assess(256)).toMatchObject({
    verdict: 'killed',
    sentence: 'this 256 MiB container lets V8 grow to 259 MiB: expect 137',
  });
});

test('V8’s default in 1 GiB leaves memory unused', () => {
  expect(assess(1024).verdict).toBe('wasteful');
});

test.each([128, 200, 256, 512, 1024, 4096])(
  'the plan for %i MiB fits, and 2 MiB more leave evidence no room',
  (limitMib) => {
    const { flags, oldSpaceBytes } = planHeap({ limitBytes: mib(limitMib), nodeMajor: 24 });
    expect(assess(limitMib, flags.join(' ')).verdict).toBe('fits');
    const more = flags.join(' ').replace(/size=\d+/, `size=${oldSpaceBytes / mib(1) + 2}`);
    expect(assess(limitMib, more).verdict).toBe('tight');
  },
);

test('50 MiB of Buffers turn a heap that fits 256 MiB into a kill', () => {
  const { flags } = planHeap({ limitBytes: mib(256), nodeMajor: 24 });
  const { verdict, plan } = assess(256, flags.join(' '), mib(50));
  expect(verdict).toBe('killed');
  expect(plan?.oldSpaceBytes).toBeLessThan(mib(125));
});
