import { setImmediate, setTimeout } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mapConcurrent } from '../../src/index.ts';
import { outcome } from '../pieces.ts';

test('never more bytes or items under way than the bounds, from the mapper to the consumer, in both orders', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 100 }), { maxLength: 40 }),
      fc.integer({ min: 1, max: 8 }),
      fc.constantFrom('kept' as const, 'free' as const),
      async (weights, maxInFlightCount, order) => {
        const items = weights.map((bytes, id) => ({ id, bytes }));
        let bytes = 0;
        let count = 0;
        let most = { bytes: 0, count: 0 };
        const flow = mapConcurrent(
          items,
          async (item) => {
            bytes += item.bytes;
            count += 1;
            most = { bytes: Math.max(most.bytes, bytes), count: Math.max(most.count, count) };
            for (let turn = item.id % 5; turn > 0; turn--) await setImmediate();
            return item;
          },
          { maxInFlightBytes: 120, maxInFlightCount, order, sizeOf: (item) => item.bytes },
        );
        const seen: number[] = [];
        for await (const item of flow) {
          bytes -= item.bytes;
          count -= 1;
          seen.push(item.id);
        }
        const ids = items.map(({ id }) => id);
        expect(order === 'kept' ? seen : seen.toSorted((a, b) => a - b)).toEqual(ids);
        expect(most.bytes).toBeLessThanOrEqual(120);
        expect(most.count).toBeLessThanOrEqual(maxInFlightCount);
      },
    ),
    { numRuns: 100 },
  );
});

test('a slow consumer stops the source: 4 under way and 1 waiting after 1 of 1000 was taken', async () => {
  let read = 0;
  function* source(): Generator<number> {
    for (; read < 1000;) yield read++;
  }
  const flow = mapConcurrent(source(), (item) => item, {
    maxInFlightBytes: 1000,
    maxInFlightCount: 4,
    sizeOf: () => 1,
  });
  await flow.next();
  await setTimeout(20);
  expect(read).toBeLessThanOrEqual(6);
  await flow.return();
});

test('free order: one slow item holds nothing up', async () => {
  const flow = mapConcurrent([50, 1, 2], (ms) => setTimeout(ms, ms), {
    maxInFlightBytes: 10,
    order: 'free',
    sizeOf: () => 1,
  });
  expect(await flow.toArray()).toEqual([1, 2, 50]);
});

test('a mapper that fails ends the flow with its own error, aborts the others and ends the source', async () => {
  const gone = new Error('gone');
  let aborted = 0;
  let isEnded = false;
  function* source(): Generator<number> {
    try {
      for (let item = 0; ; item++) yield item;
    } finally {
      isEnded = true;
    }
  }
  const flow = mapConcurrent(
    source(),
    async (item, { signal }) => {
      signal.addEventListener('abort', () => (aborted += 1));
      await setTimeout(item === 1 ? 5 : 20);
      if (item === 1) throw gone;
      return item;
    },
    { maxInFlightBytes: 4, sizeOf: () => 1 },
  );
  expect(await flow.next()).toEqual({ done: false, value: 0 });
  await expect(flow.next()).rejects.toBe(gone);
  expect(aborted).toBeGreaterThanOrEqual(3);
  expect(isEnded).toBe(true);
});

test('one item above the bound ends the flow after the results before it', async () => {
  const flow = mapConcurrent([1, 2, 200], (item) => item, { maxInFlightBytes: 100, sizeOf: (item) => item });
  expect(await flow.next()).toEqual({ done: false, value: 1 });
  expect(await flow.next()).toEqual({ done: false, value: 2 });
  await expect(flow.next()).rejects.toMatchObject({ code: 'ERR_PLIMSOLL_LIMIT' });
});

test('undefined is a result like any other', async () => {
  expect(await outcome(mapConcurrent(['a'], () => undefined, { maxInFlightBytes: 1000 }))).toEqual([
    undefined,
  ]);
});
