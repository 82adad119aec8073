import { setTimeout } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { batch } from '../../src/index.ts';
import { outcome } from '../pieces.ts';

const sizeOf = (bytes: number): number => bytes;

test('a batch is closed by count, and an item that does not fit begins the next', async () => {
  expect(await batch([1, 2, 3, 4, 5], { maxBytes: 100, maxCount: 2, sizeOf }).toArray()).toEqual([
    [1, 2],
    [3, 4],
    [5],
  ]);
  expect(await batch([40, 40, 40, 100, 1], { maxBytes: 100, sizeOf }).toArray()).toEqual([
    [40, 40],
    [40],
    [100],
    [1],
  ]);
  expect(await batch([], { maxBytes: 100 }).toArray()).toEqual([]);
});

test('a batch is closed by time after its first item; a pause before the first costs nothing', async () => {
  async function* source(): AsyncGenerator<number> {
    await setTimeout(60);
    yield 1;
    yield 2;
    await setTimeout(120);
    yield 3;
  }
  expect(await batch(source(), { maxBytes: 100, maxWaitMs: 40, sizeOf }).toArray()).toEqual([[1, 2], [3]]);
});

test('one item above the bound ends the flow; what came before it is given out', async () => {
  const flow = batch([10, 101], { maxBytes: 100, maxCount: 1, sizeOf });
  expect(await flow.next()).toEqual({ done: false, value: [10] });
  await expect(flow.next()).rejects.toMatchObject({ code: 'ERR_PLIMSOLL_LIMIT' });
});

test('a source that fails: the batch that was being filled comes first, also when it fails while the batch is used', async () => {
  async function* source(): AsyncGenerator<number> {
    yield 1;
    await setTimeout(30);
    throw new Error('gone');
  }
  for (const maxWaitMs of [undefined, 5]) {
    const flow = batch(source(), { maxBytes: 100, maxWaitMs, sizeOf });
    expect(await flow.next()).toEqual({ done: false, value: [1] });
    await setTimeout(60);
    await expect(flow.next()).rejects.toThrow('gone');
  }
});

test('bytes weigh themselves and 128; other items need sizeOf', async () => {
  const chunks = [Buffer.alloc(100), Buffer.alloc(100), Buffer.alloc(100)];
  expect((await batch(chunks, { maxBytes: 500 }).toArray()).map(({ length }) => length)).toEqual([2, 1]);
  expect(await outcome(batch([{}], { maxBytes: 500 }))).toBe('ERR_PLIMSOLL_OPTION');
  expect(await outcome(batch([1], { maxBytes: 500, sizeOf: () => Number.NaN }))).toBe('ERR_PLIMSOLL_OPTION');
});
