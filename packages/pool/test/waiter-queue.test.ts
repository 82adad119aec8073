import { expect, test } from 'vitest';
import type { WaiterExtras } from '../src/waiter-block.ts';
import { WaiterQueue } from '../src/waiter-queue.ts';

function extras(ownTimeout = false, cleanUp?: () => void): WaiterExtras {
  return { label: undefined, stack: undefined, ownTimeout, cleanUp, block: undefined, index: 0 };
}

/** A queue of `count` callers that joined at 0, 1, 2 … ms, each with extras. */
function queueOf(count: number, ownTimeoutAt: (n: number) => boolean = () => false) {
  const queue = new WaiterQueue<number>();
  const all = Array.from({ length: count }, (_, n) => extras(ownTimeoutAt(n)));
  const turns = all.map((brought, n) => queue.push(n, brought));
  return { queue, all, turns };
}

function drainMs(queue: WaiterQueue<number>): number[] {
  const joinedMs: number[] = [];
  for (let waiter = queue.shift(); waiter !== undefined; waiter = queue.shift())
    joinedMs.push(waiter.queuedAtMs);
  return joinedMs;
}

test('1,000 callers leave in the order they came, whoever leaves from the middle', () => {
  const { queue, all } = queueOf(1_000);
  const leavers = all.filter((_, n) => n % 3 === 1 || (n >= 200 && n < 400));
  for (const leaver of leavers) expect(queue.remove(leaver)).toBeDefined();
  expect(queue.count).toBe(1_000 - leavers.length);
  const expected = all.flatMap((brought, n) => (leavers.includes(brought) ? [] : [n]));
  expect(drainMs(queue)).toEqual(expected);
  expect(queue.count).toBe(0);
});

test('a caller leaves once, and what was set up for it is ended once', () => {
  const queue = new WaiterQueue<number>();
  let cleanUpCount = 0;
  const brought = extras(false, () => (cleanUpCount += 1));
  void queue.push(0, brought);
  expect(queue.remove(brought)).toBeDefined();
  expect(queue.remove(brought)).toBeUndefined();
  expect(queue.shift()).toBeUndefined();
  expect(cleanUpCount).toBe(1);
});

test('a place that is used again belongs to its new caller alone', async () => {
  const queue = new WaiterQueue<number>();
  const first = extras();
  void queue.push(0, first);
  queue.remove(first);
  const second = queue.push(1, undefined);
  expect(queue.remove(first)).toBeUndefined();
  queue.shift()?.resolve(7);
  expect(await second).toBe(7);
});

test('those that joined by 499 ms are taken out together, those with a time-out of their own stay', () => {
  const { queue } = queueOf(1_000, (n) => n % 2 === 0);
  const taken = queue.takeQueuedUntil(499).map(({ queuedAtMs }) => queuedAtMs);
  expect(taken).toEqual(Array.from({ length: 250 }, (_, n) => 2 * n + 1));
  expect(queue.firstCommonMs).toBe(501);
  expect(queue.takeQueuedUntil(Number.POSITIVE_INFINITY)).toHaveLength(250);
  expect(queue.firstCommonMs).toBeUndefined();
  expect(drainMs(queue)).toEqual(Array.from({ length: 500 }, (_, n) => 2 * n));
});

test('200,000 callers that give up behind one that waits leave less than 1 MiB behind', () => {
  const queue = new WaiterQueue<number>();
  void queue.push(0, undefined);
  const round = (): number => {
    for (let n = 0; n < 100_000; n += 1) {
      const brought = extras();
      void queue.push(n, brought);
      queue.remove(brought);
    }
    globalThis.gc?.();
    return process.memoryUsage().heapUsed;
  };
  const before = round();
  expect(round() - before).toBeLessThan(2 ** 20);
  expect(queue.count).toBe(1);
});
