import { Buffer } from 'node:buffer';
import { PassThrough, Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { collectBytes, collectJson, collectText, HttpFault } from '../../src/index.ts';
import { codeOf, pieces } from '../pieces.ts';

test('1000 bytes pass a bound of 1000 and not one of 999, in pieces of any length', async () => {
  const bytes = Buffer.alloc(1000, 'x');
  for (const pieceBytes of [1, 7, 999, 1000]) {
    expect(await collectBytes(pieces(bytes, pieceBytes), { maxBytes: 1000 })).toEqual(bytes);
    expect(await codeOf(collectBytes(pieces(bytes, pieceBytes), { maxBytes: 999 }))).toBe(
      'ERR_PLIMSOLL_LIMIT',
    );
  }
  expect(await collectBytes([], { maxBytes: 1 })).toHaveLength(0);
});

test('above the bound the source is destroyed, and the error is a 413 with the numbers and no data', async () => {
  const source = Readable.from(pieces('secret '.repeat(100), 70));
  const error = await collectBytes(source, { maxBytes: 100 }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(HttpFault);
  expect(error).toMatchObject({
    code: 'ERR_PLIMSOLL_LIMIT',
    statusCode: 413,
    status: 413,
    expose: true,
    details: { limitBytes: 100, seenBytes: 140 },
  });
  expect(`${String(error)} ${JSON.stringify(error)}`).not.toContain('secret');
  await setImmediate();
  expect(source.destroyed).toBe(true);
});

test('a megabyte in one-byte chunks is held in less than 3 MB', async () => {
  let most = 0;
  const one = Buffer.from('x');
  function* source(): Generator<Buffer> {
    for (let count = 0; count < 1_000_000; count++) {
      if (count % 100_000 === 0) {
        (globalThis as unknown as { gc(): void }).gc();
        const { heapUsed, external } = process.memoryUsage();
        most = Math.max(most, heapUsed + external);
      }
      yield one;
    }
  }
  (globalThis as unknown as { gc(): void }).gc();
  const { heapUsed, external } = process.memoryUsage();
  await collectBytes(source(), { maxBytes: 1_000_000 });
  expect(most - heapUsed - external).toBeLessThan(3_000_000);
});

test('the result does not keep the chunks or a larger buffer alive', async () => {
  const result = await collectBytes(pieces(Buffer.alloc(70_000), 4096), { maxBytes: 10_000_000 });
  expect(result.buffer.byteLength).toBeLessThanOrEqual(70_000 * 1.125);
});

test('the signal ends a source that never answers, with its reason as cause', async () => {
  const controller = new AbortController();
  const source = new PassThrough();
  const work = collectBytes(source, { maxBytes: 10, signal: controller.signal });
  await setImmediate();
  controller.abort('gone');
  await expect(work).rejects.toMatchObject({ code: 'ERR_PLIMSOLL_ABORTED', cause: 'gone' });
  expect(source.destroyed).toBe(true);
});

describe('text and JSON', () => {
  test('a byte order mark is dropped; bytes that are not UTF-8 are a 400', async () => {
    expect(await collectText(pieces('\ufeffé', 1), { maxBytes: 10 })).toBe('é');
    await expect(collectText([Buffer.from([0xff])], { maxBytes: 10 })).rejects.toMatchObject({
      code: 'ERR_PLIMSOLL_FORMAT',
      statusCode: 400,
    });
  });

  test('a document cut at any byte is a 400 that says truncated', async () => {
    const text = '{"a":[1,-2.5e+3,"x\\u0041"],"b":true,"c":null,"d":{}}';
    expect(await collectJson([text], { maxBytes: 1000 })).toEqual(JSON.parse(text));
    for (let cut = 0; cut < text.length; cut++) {
      await expect(collectJson([text.slice(0, cut)], { maxBytes: 1000 })).rejects.toMatchObject({
        details: { reason: 'truncated' },
      });
    }
  });

  test('what is wrong is said by column, without the data', async () => {
    const error = await collectJson(['{"card":4111,}'], { maxBytes: 100 }).catch((thrown: unknown) => thrown);
    expect(String(error)).toBe(
      'PlimsollError: The data is not JSON: expected double-quoted property name at column 14.',
    );
  });

  test('a nesting of 1000 passes and one of 1001 does not, by default; __proto__ is refused when asked', async () => {
    const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
    expect(await codeOf(collectJson([nested(1000)], { maxBytes: 10_000 }))).toBe('resolved');
    expect(await codeOf(collectJson([nested(1001)], { maxBytes: 10_000 }))).toBe('ERR_PLIMSOLL_LIMIT');
    expect(await codeOf(collectJson(['{"__proto__":1}'], { maxBytes: 100, protoKeys: 'reject' }))).toBe(
      'ERR_PLIMSOLL_FORMAT',
    );
  });
});

test('a bound is required: none, 0 and NaN are refused', async () => {
  for (const maxBytes of [undefined, 0, Number.NaN, Number.POSITIVE_INFINITY]) {
    expect(await codeOf(collectBytes([], { maxBytes: maxBytes as number }))).toBe('ERR_PLIMSOLL_OPTION');
  }
});
