import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { collectText, splitLines } from '../../src/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-opened-'));
const path = join(folder, 'lines');
writeFileSync(path, 'one\ntwo\n');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('a file stream whose file is open already is a stream, not a handle: every line is read', async () => {
  const stream = createReadStream(path);
  await once(stream, 'open');
  expect(await splitLines(stream, { maxLineBytes: 100 }).toArray()).toEqual(['one', 'two']);
  const ofDescriptor = createReadStream('', { fd: openSync(path, 'r') });
  expect(await collectText(ofDescriptor, { maxBytes: 100 })).toBe('one\ntwo\n');
});

test('standard input that is a file, a pipe or nothing is read to its end', () => {
  const entry = new URL('../../dist/index.js', import.meta.url).href;
  const script = `import { splitLines } from ${JSON.stringify(entry)};
    console.log(JSON.stringify(await splitLines(process.stdin, { maxLineBytes: 100 }).toArray()));`;
  const node = `exec "$0" --input-type=module -e "$1"`;
  const run = (line: string): string => {
    const child = spawnSync('sh', ['-c', line, process.execPath, script], {
      encoding: 'utf8',
      env: { ...process.env, LINES_FILE: path },
    });
    return child.stdout + child.stderr;
  };
  expect(run(`${node} < "$LINES_FILE"`)).toBe('["one","two"]\n');
  expect(run(`cat "$LINES_FILE" | ${node}`)).toBe('["one","two"]\n');
  expect(run(`${node} < /dev/null`)).toBe('[]\n');
});
