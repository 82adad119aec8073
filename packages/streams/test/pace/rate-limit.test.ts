import { Buffer } from 'node:buffer';
import { expect, test } from 'vitest';
import { collectBytes, rateLimit } from '../../src/index.ts';
import { codeOf } from '../pieces.ts';

test('30,000 bytes at 100,000 a second with a burst of 10,000 take at least 0.2 s, and every byte comes', async () => {
  const text = Buffer.from(Array.from({ length: 30_000 }, (_, at) => at % 251));
  const startMs = performance.now();
  const result = await collectBytes(rateLimit([text], { bytesPerSecond: 100_000 }), { maxBytes: 30_000 });
  expect(result.equals(text)).toBe(true);
  // A lower bound: a slow machine can only make it longer. Timers may fire up to 1 ms early.
  expect(performance.now() - startMs).toBeGreaterThan(190);
});

test('a chunk is cut to the burst', async () => {
  const sizes = (
    await rateLimit([Buffer.alloc(2500)], { bytesPerSecond: 1e9, burstBytes: 1000 }).toArray()
  ).map(({ length }) => length);
  expect(sizes).toEqual([1000, 1000, 500]);
});

test('the signal ends the wait', async () => {
  const flow = rateLimit([Buffer.alloc(10_000)], { bytesPerSecond: 1000, signal: AbortSignal.timeout(20) });
  expect(await codeOf(flow.toArray())).toBe('ERR_PLIMSOLL_ABORTED');
});
