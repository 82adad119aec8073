import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  collectText,
  parseJsonArray,
  parseNdjson,
  stringifyJsonArray,
  stringifyNdjson,
} from '../../src/index.ts';
import { outcome } from '../pieces.ts';

const all = { maxBytes: 1_000_000 };

test('what is written is read back, as lines and as an array', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.jsonValue(), { maxLength: 20 }), async (items) => {
      const expected = JSON.parse(JSON.stringify(items)) as unknown[];
      expect(await outcome(parseNdjson(stringifyNdjson(items), { maxLineBytes: 100_000 }))).toEqual(expected);
      expect(await outcome(parseJsonArray(stringifyJsonArray(items), { maxElementBytes: 100_000 }))).toEqual(
        expected,
      );
    }),
    { numRuns: 200 },
  );
});

test('three items, two forms; no items, too', async () => {
  const items = [{ a: 1 }, null, 'x\n'];
  expect(await collectText(stringifyNdjson(items), all)).toBe('{"a":1}\nnull\n"x\\n"\n');
  expect(await collectText(stringifyJsonArray(items), all)).toBe('[{"a":1},null,"x\\n"]');
  expect(await collectText(stringifyNdjson([]), all)).toBe('');
  expect(await collectText(stringifyJsonArray([]), all)).toBe('[]');
});

test('a row of a live source goes out whole when the next one is not there yet', async () => {
  let release = (): void => undefined;
  async function* live(): AsyncGenerator<unknown> {
    yield { id: 1 };
    yield { id: 2 };
    await new Promise<void>((resolve) => (release = resolve));
    yield { id: 3 };
  }
  const lines = stringifyNdjson(live());
  expect(String((await lines.next()).value)).toBe('{"id":1}\n{"id":2}\n');
  release();
  expect(String((await lines.next()).value)).toBe('{"id":3}\n');
  expect((await lines.next()).done).toBe(true);
  const array = stringifyJsonArray(live());
  expect(String((await array.next()).value)).toBe('[{"id":1},{"id":2}');
  release();
  expect(String((await array.next()).value)).toBe(',{"id":3}]');
});

test('rows before an item that cannot be written, or before a failure of the source, go out first', async () => {
  async function* failing(): AsyncGenerator<unknown> {
    yield { id: 1 };
    throw new Error('source');
  }
  for (const items of [failing(), [{ id: 1 }, undefined]]) {
    const lines = stringifyNdjson(items);
    expect(String((await lines.next()).value)).toBe('{"id":1}\n');
    await expect(lines.next()).rejects.toThrow(/source|Item 1 is undefined/);
  }
});

test('100,000 items come in chunks of about 32 KiB', async () => {
  const chunks = await stringifyNdjson(Array.from({ length: 100_000 }, (_, id) => ({ id }))).toArray();
  expect(Math.max(...chunks.map(({ length }) => length))).toBeLessThan(33 * 1024);
  expect(chunks.length).toBeLessThan(60);
});

const cyclic: Record<string, unknown> = {};
cyclic['self'] = cyclic;

test.each([
  ['undefined', undefined],
  ['a function', (): void => undefined],
  ['a symbol', Symbol('x')],
  ['a BigInt', 1n],
  ['a cycle', cyclic],
])('%s has no JSON text: an error that names the item, after the ones before it', async (_name, item) => {
  for (const write of [stringifyNdjson, stringifyJsonArray]) {
    const flow = write([1, item]);
    await expect(flow.toArray()).rejects.toMatchObject({
      code: 'ERR_PLIMSOLL_FORMAT',
      details: { reason: 'not-json', itemIndex: 1 },
    });
  }
});

test('an item of 12 bytes passes a bound of 12 and not one of 11, counted in UTF-8', async () => {
  expect(await outcome(stringifyNdjson(['€€€x'], { maxLineBytes: 12 }))).toHaveLength(1);
  expect(await outcome(stringifyNdjson(['€€€x'], { maxLineBytes: 11 }))).toBe('ERR_PLIMSOLL_LIMIT');
  expect(await outcome(stringifyJsonArray(['€€€x'], { maxElementBytes: 11 }))).toBe('ERR_PLIMSOLL_LIMIT');
});

test('a source that fails leaves the array open, so that its reader sees the loss', async () => {
  async function* items(): AsyncGenerator<number> {
    yield 1;
    await Promise.resolve();
    throw new Error('database gone');
  }
  expect(await outcome(parseJsonArray(stringifyJsonArray(items()), { maxElementBytes: 10 }))).toBe(
    'Error: database gone',
  );
});
