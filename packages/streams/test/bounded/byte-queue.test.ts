import { Buffer } from 'node:buffer';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { byteQueue, collectBytes } from '../../src/index.ts';
import { codeOf, pieces } from '../pieces.ts';

test('ten producers and one consumer: every byte once, never more than twice the bound held', async () => {
  const queue = byteQueue({ maxBytes: 10_000 });
  let most = 0;
  const producers = Array.from({ length: 10 }, async (_, id) => {
    for (let count = 0; count < 100; count++) {
      await queue.push(Buffer.alloc(500, id));
      most = Math.max(most, queue.heldBytes);
    }
  });
  const counts = new Map<number, number>();
  const reading = queue.flow.forEach((chunk) => {
    for (const byte of chunk) counts.set(byte, (counts.get(byte) ?? 0) + 1);
    return setImmediate();
  });
  await Promise.all(producers);
  queue.end();
  await reading;
  expect([...counts.values()]).toEqual(Array.from({ length: 10 }, () => 50_000));
  expect(most).toBeLessThanOrEqual(20_000);
  expect(queue.heldBytes).toBe(0);
});

test('tryPush says no when full, and a chunk larger than the queue goes in by pieces through push', async () => {
  const queue = byteQueue({ maxBytes: 1000 });
  expect(queue.tryPush(Buffer.alloc(800))).toBe(true);
  expect(queue.tryPush(Buffer.alloc(100))).toBe(false);
  const pushing = queue.push(Buffer.alloc(5000, 'x'));
  const reading = collectBytes(queue.flow, { maxBytes: 10_000 });
  await pushing;
  queue.end();
  expect(await reading).toHaveLength(5800);
});

test('a producer that ignores back-pressure is refused before it holds more than the queue again', async () => {
  const queue = byteQueue({ maxBytes: 1000 });
  const results = await Promise.all(
    Array.from({ length: 20 }, () =>
      Promise.race([codeOf(queue.push(Buffer.alloc(400))), setImmediate('waiting')]),
    ),
  );
  expect(results.filter((result) => result === 'ERR_PLIMSOLL_LIMIT').length).toBe(18);
  expect(queue.heldBytes).toBeLessThanOrEqual(2000);
  await queue.flow.return();
});

test('a consumer that leaves refuses the producers that wait and those that come', async () => {
  const queue = byteQueue({ maxBytes: 600 });
  await queue.push(Buffer.alloc(300));
  const waiting = codeOf(queue.push(Buffer.alloc(300)));
  await queue.flow.return();
  expect([await waiting, await codeOf(queue.push(Buffer.alloc(1)))]).toEqual([
    'ERR_PLIMSOLL_DISPOSED',
    'ERR_PLIMSOLL_DISPOSED',
  ]);
  expect(() => queue.tryPush(Buffer.alloc(1))).toThrow(/the queue has ended/);
});

test('the failure of a producer reaches the consumer after what waits', async () => {
  const queue = byteQueue({ maxBytes: 1000 });
  await queue.push(Buffer.from('last'));
  queue.fail(new Error('socket gone'));
  expect(String((await queue.flow.next()).value)).toBe('last');
  await expect(queue.flow.next()).rejects.toThrow('socket gone');
});

test('its writing side is a Node stream and a Web stream', async () => {
  const node = byteQueue({ maxBytes: 1000 });
  const web = byteQueue({ maxBytes: 1000 });
  const text = 'x'.repeat(20_000);
  const writing = [
    pipeline(Readable.from(pieces(text, 300)), node.toWritable()),
    ReadableStream.from(pieces(text, 300)).pipeTo(web.toWebWritable() as never),
  ];
  expect(await collectBytes(node.flow, { maxBytes: 50_000 })).toHaveLength(20_000);
  expect(await collectBytes(web.flow, { maxBytes: 50_000 })).toHaveLength(20_000);
  await Promise.all(writing);
});

test('a small slice of a large buffer is copied: the queue keeps what it counts', async () => {
  const queue = byteQueue({ maxBytes: 1000 });
  await queue.push(Buffer.alloc(1_000_000).subarray(0, 10));
  const { value } = await queue.flow.next();
  expect((value as Buffer).buffer.byteLength).toBe(10);
  await queue.flow.return();
});
