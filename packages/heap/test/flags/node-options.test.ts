import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { joinNodeOptions, splitNodeOptions } from '../../src/index.ts';

test.each([
  ['', []],
  ['  --a=1   --b ', ['--a=1', '--b']],
  ['-r "/a b/x.js" --c', ['-r', '/a b/x.js', '--c']],
  [String.raw`-r "/a\"b\\c/x.js"`, ['-r', String.raw`/a"b\c/x.js`]],
  ['--title=a" "b', ['--title=a b']],
  [String.raw`--title=a\b`, [String.raw`--title=a\b`]],
])('%j is split as Node.js splits it', (value, words) => {
  expect(splitNodeOptions(value)).toEqual(words);
});

test.each([[['-r', '/a b/x.js']], [[String.raw`/quote"back\slash/x.js`]], [['--a=1', '']], [[]]])(
  '%j survives being joined and split',
  (words) => {
    expect(splitNodeOptions(joinNodeOptions(words))).toEqual(words);
  },
);

test('Node.js itself reads a joined path with a space, a quote and a backslash', () => {
  const folder = mkdtempSync(join(tmpdir(), String.raw`plimsoll "a\b `));
  try {
    const preload = join(folder, 'preload.cjs');
    writeFileSync(preload, 'globalThis.preloaded = 42;');
    const env = { ...process.env, NODE_OPTIONS: joinNodeOptions(['-r', preload, '--title=it works']) };
    expect(
      execFileSync(process.execPath, ['-p', 'preloaded + process.title'], { env, encoding: 'utf8' }),
    ).toBe('42it works\n');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
