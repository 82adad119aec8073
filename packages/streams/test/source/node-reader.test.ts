import { createReadStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { splitLines } from '../../src/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-node-reader-'));
const path = join(folder, 'lines');
const lines = Array.from({ length: 40_000 }, (_, index) => `line ${index}`);

beforeAll(() => writeFileSync(path, `${lines.join('\n')}\n`));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('a file nobody has set a chunk for is read by 256 KiB, any other as its owner says', async () => {
  const plain = createReadStream(path);
  expect(await splitLines(plain, { maxLineBytes: 100 }).toArray()).toEqual(lines);
  expect(plain.readableHighWaterMark).toBe(256 * 1024);
  const small = createReadStream(path, { highWaterMark: 1000 });
  expect(await splitLines(small, { maxLineBytes: 100 }).toArray()).toEqual(lines);
  expect(small.readableHighWaterMark).toBe(1000);
});

test('a part of a file, and one that was begun, give what is left of it and no more', async () => {
  const part = createReadStream(path, { start: 7, end: 13 });
  expect(await splitLines(part, { maxLineBytes: 100 }).toArray()).toEqual(['line 1']);
  const begun = createReadStream(path);
  await new Promise((resolve) => begun.once('readable', resolve));
  expect(String(begun.read(7))).toBe('line 0\n');
  expect(await splitLines(begun, { maxLineBytes: 100 }).toArray()).toEqual(lines.slice(1));
});
