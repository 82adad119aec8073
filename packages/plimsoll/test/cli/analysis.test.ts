import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync, gzipSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';

const main = join(import.meta.dirname, '../../dist/cli/main.js');
const fixtures = join(import.meta.dirname, '../../../snapshot/test/fixtures');
const folder = mkdtempSync(join(tmpdir(), 'plimsoll-cli-'));
const snapshot = join(folder, 'heap-1.heapsnapshot');
writeFileSync(snapshot, brotliDecompressSync(readFileSync(join(fixtures, 'node-24.heapsnapshot.br'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function plimsoll(
  words: readonly string[],
  input?: Uint8Array,
): { code: number | null; out: string; err: string } {
  const options = input === undefined ? {} : { input };
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...words], {
    ...options,
    encoding: 'utf8',
  });
  return { code: status, out: stdout, err: stderr };
}

test('analyze prints tables on stdout and what it needs on stderr before it starts', () => {
  const { code, out, err } = plimsoll(['analyze', snapshot]);
  expect(code).toBe(0);
  expect(out).toMatch(/^Heap of [\d.]+ MB: [\d,]+ objects/);
  expect(out).toContain('Biggest classes');
  expect(err).toMatch(
    /^plimsoll: [\d,]+ objects and [\d,]+ references: needs \d+(\.\d+)? MiB, .* may be used\n$/,
  );
});

test('analyze --json takes gzip from standard input', () => {
  const { code, out } = plimsoll(['analyze', '--json', '-'], gzipSync(readFileSync(snapshot)));
  expect(code).toBe(0);
  const { nodeCount, classes } = JSON.parse(out) as {
    nodeCount: number;
    classes: { name: string; count: number }[];
  };
  expect(nodeCount).toBeGreaterThan(30_000);
  expect(classes.find((one) => one.name === 'Session')?.count).toBe(200);
});

test('analyze refuses a snapshot that needs more than --max-memory with the number and exit code 3', () => {
  const { code, out, err } = plimsoll(['analyze', snapshot, '--max-memory', '50MiB']);
  expect([code, out]).toEqual([3, '']);
  expect(err).toMatch(/needs \d+ MiB of memory and 50 MiB are allowed/);
});

test('analyze refuses a truncated file with its byte and exit code 2', () => {
  const cut = join(folder, 'cut.txt');
  writeFileSync(cut, readFileSync(snapshot).subarray(0, 1_000_000));
  const { code, err } = plimsoll(['analyze', cut]);
  expect(code).toBe(2);
  expect(err).toContain('ends at byte 1000000');
});

test('diff of a snapshot with itself says that nothing grew; one snapshot alone is a usage error', () => {
  const { code, out } = plimsoll(['diff', snapshot, snapshot]);
  expect(code).toBe(0);
  expect(out).toContain('No container that was there before kept what was added to it.');
  expect(plimsoll(['diff', snapshot]).code).toBe(2);
});

test('redact writes a copy that analyze reads, and says what it left in clear', () => {
  const copy = join(folder, 'copy.txt');
  const { code, out } = plimsoll(['redact', snapshot, copy]);
  expect(code).toBe(0);
  expect(out).toMatch(/[\d,]+ of [\d,]+ strings masked\.\nLeft in clear: /);
  expect(plimsoll(['analyze', copy, '--md']).out).toMatch(/^\| \(string\) \| [\d,]+ \|/m);
});

test('report puts the snapshots of a folder on one page beside them', () => {
  const { code, out } = plimsoll(['report', folder]);
  expect(code).toBe(0);
  expect(out).toBe(`${join(folder, 'report.html')}\n`);
  expect(readFileSync(join(folder, 'report.html'), 'utf8')).toContain('Who keeps what</h2>');
  expect(plimsoll(['report', join(folder, 'none')]).code).toBe(2);
  expect(existsSync(join(folder, 'none'))).toBe(false);
});
