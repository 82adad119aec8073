import { createReadStream, type ReadStream } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { batch, collectBytes, parseNdjson, teeBounded } from '../../src/index.ts';
import { codeOf } from '../pieces.ts';

test('a file that is missing does not end the process before the flow of it is read, and is told to its reader', async () => {
  const failing = (): ReadStream => createReadStream('/nowhere/at-all');
  const rows = parseNdjson(failing(), { maxLineBytes: 100 });
  const batches = batch(failing(), { maxBytes: 100 });
  const [one, two] = teeBounded(failing(), { maxLagBytes: 100, onLag: 'wait' });
  await setTimeout(50);
  expect(await codeOf(rows.toArray())).toBe('ENOENT');
  expect(await codeOf(batches.toArray())).toBe('ENOENT');
  expect(await codeOf(one.toArray())).toBe('ENOENT');
  expect(await codeOf(two.toArray())).toBe('ENOENT');
  const stream = failing();
  await new Promise((resolve) => stream.once('error', resolve));
  expect(await codeOf(collectBytes(stream, { maxBytes: 10 }))).toBe('ENOENT');
});
