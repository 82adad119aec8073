import { Buffer } from 'node:buffer';
import { getHeapStatistics } from 'node:v8';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type BadLine, splitLines } from '../../src/index.ts';
import { outcome, pieces } from '../pieces.ts';

const bounds = { maxLineBytes: 1000 };

test('splits any text at LF and CRLF in pieces of any length, and keeps empty lines and lone CRs', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom('a', 'é', '😀', '\n', '\r\n', '\r', ' ', '\u0000'), { maxLength: 40 }),
      fc.integer({ min: 1, max: 20 }),
      async (parts, pieceBytes) => {
        const text = parts.join('');
        const lines = text
          .split('\n')
          .map((line, index, all) => (index < all.length - 1 ? line.replace(/\r$/, '') : line));
        if (lines.at(-1) === '') lines.pop();
        expect(await outcome(splitLines(pieces(text, pieceBytes), bounds))).toEqual(lines);
      },
    ),
    { numRuns: 500 },
  );
});

test('a byte order mark is dropped at the start of the input and kept elsewhere', async () => {
  for (const pieceBytes of [1, 2, 100]) {
    expect(await outcome(splitLines(pieces('\ufeffa\n\ufeffb', pieceBytes), bounds))).toEqual([
      'a',
      '\ufeffb',
    ]);
    expect(await outcome(splitLines(pieces('\ufeff', pieceBytes), bounds))).toEqual([]);
  }
});

test('text chunks may split a surrogate pair; half a pair is refused, never replaced', async () => {
  expect(await outcome(splitLines(['x\ud83d', '\ude00y\n'], bounds))).toEqual(['x😀y']);
  for (const text of [['a\ud83d', 'b'], ['a\ud83d'], ['\ude00']]) {
    expect(await outcome(splitLines(text, bounds))).toBe('ERR_PLIMSOLL_FORMAT surrogate');
  }
});

test('bytes that are not UTF-8 are refused, or left out and reported, with the line and byte', async () => {
  const text = Buffer.concat([Buffer.from('good é\nbad '), Buffer.from([0xff]), Buffer.from('\ngood\n')]);
  expect(await outcome(splitLines([text], bounds))).toBe('ERR_PLIMSOLL_FORMAT utf8');
  const bad: BadLine[] = [];
  const flow = splitLines([text], {
    ...bounds,
    badLines: 'skip-and-report',
    onBadLine: (line) => bad.push(line),
  });
  expect(await flow.toArray()).toEqual(['good é', 'good']);
  expect(bad).toEqual([
    { lineNumber: 2, byteOffset: 8, lineBytes: 5, reason: 'utf8', message: 'it is not UTF-8' },
  ]);
});

test('a line above the bound is left out whole, and the lines around it come through, in pieces of any length', async () => {
  const text = `one\n${'x'.repeat(2500)}\ntwo\n${'y'.repeat(1001)}\n${'z'.repeat(1000)}\nthree`;
  for (const pieceBytes of [1, 7, 64, 999, 10_000]) {
    const bad: number[] = [];
    const flow = splitLines(pieces(text, pieceBytes), {
      ...bounds,
      badLines: 'skip-and-report',
      onBadLine: ({ lineNumber }) => bad.push(lineNumber),
    });
    expect(await flow.toArray()).toEqual(['one', 'two', 'z'.repeat(1000), 'three']);
    expect(bad).toEqual([2, 4]);
  }
});

test('one line kept from each of 400 chunks of 64 KiB keeps its own bytes alive and not the chunk', async () => {
  const chunk = Buffer.from(`${`${'k'.repeat(40)}\n`.repeat(1598)}`);
  const kept: string[] = [];
  const before = heldAfterGc();
  let index = 0;
  async function* source(): AsyncGenerator<Buffer> {
    for (let count = 0; count < 400; count++) yield Buffer.from(chunk);
  }
  for await (const line of splitLines(source(), bounds)) {
    if (index++ % 1598 === 0) kept.push(line);
  }
  expect(kept).toHaveLength(400);
  expect(heldAfterGc() - before).toBeLessThan(2_000_000);
  expect(kept[399]).toHaveLength(40);
});

function heldAfterGc(): number {
  (globalThis as unknown as { gc(): void }).gc();
  const { used_heap_size: heap, external_memory: external } = getHeapStatistics();
  return heap + external;
}
