import { expect, test } from 'vitest';
import { CpuShare } from '../../src/ladder/cpu-share.ts';

test('50 ms by the clock for 5 ms of CPU is a tenth of a core', () => {
  const share = new CpuShare();
  expect(share.ratio).toBe(1);
  share.note(50, 5);
  expect(share.ratio).toBe(0.1);
});

test('work under 5 ms and work of several threads say at most one core', () => {
  const share = new CpuShare();
  share.note(4, 0);
  expect(share.ratio).toBe(1);
  share.note(20, 40);
  expect(share.ratio).toBe(1);
});

test('a wait of 40 ms without work is measured as less than half a core, and the result comes back', () => {
  const share = new CpuShare();
  const sleep = new Int32Array(new SharedArrayBuffer(4));
  expect(share.measure(() => Atomics.wait(sleep, 0, 0, 40))).toBe('timed-out');
  expect(share.ratio).toBeLessThan(0.5);
});
