import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ModuleCostReport } from '@plimsoll/lazy';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { modulesText } from '../../src/cli/modules/modules-text.ts';
import { plimsoll, runToEnd } from './command.ts';

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-modules-test-'));
const MIB = 1_048_576;

const hold = (mib: number): string =>
  `Array.from({ length: ${mib * 128} }, (_, n) => new Array(1024).fill(n + 0.5))`;

const files = {
  'node_modules/big-cjs/package.json': '{"name":"big-cjs","main":"index.js"}',
  'node_modules/big-cjs/index.js': `const part = require('small-cjs'); exports.kept = ${hold(16)}; exports.ask = () => part.ask();`,
  'node_modules/small-cjs/package.json': '{"name":"small-cjs","main":"index.js"}',
  'node_modules/small-cjs/index.js': `exports.kept = ${hold(4)}; exports.ask = () => 1;`,
  'node_modules/@scope/esm/package.json': '{"name":"@scope/esm","type":"module","exports":"./index.js"}',
  'node_modules/@scope/esm/index.js': `import './part.js'; export const kept = ${hold(8)}; export const ask = () => 1;`,
  'node_modules/@scope/esm/part.js': `export const kept = ${hold(2)};`,
  'server.mjs': `#!/usr/bin/env node
    import big from 'big-cjs';
    import { ask } from '@scope/esm';
    import { late } from './late.mjs';
    setTimeout(() => { ask(); late(); }, 300);
    setTimeout(() => {}, 600);`,
  'late.mjs': 'export const late = () => 1;',
};

let report: ModuleCostReport;
let page: string;

beforeAll(() => {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  const words = ['modules', '--json', '--html', 'map.html', '--', 'node', 'server.mjs'];
  const outcome = runToEnd(
    [process.execPath, join(plimsoll, '..', '..', 'dist', 'cli', 'main.js'), ...words],
    {
      cwd: folder,
    },
  );
  expect(outcome).toMatchObject({ code: 0, err: '' });
  report = JSON.parse(outcome.out) as ModuleCostReport;
  page = readFileSync(join(folder, 'map.html'), 'utf8');
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const row = (name: string) => report.packages.find((entry) => entry.package === name);

test('each package is listed with its files, largest first, CommonJS and ES module, scoped or not', () => {
  expect(report.packages.map((entry) => [entry.package, entry.fileCount])).toEqual([
    ['big-cjs', 1],
    ['@scope/esm', 2],
    ['small-cjs', 1],
    ['(the service)', 2],
  ]);
});

test('heap held by 16, 10 and 4 MiB of numbers is found at its package within 10 %', () => {
  const heapMib = (name: string): number => (row(name)?.self.heapBytes ?? 0) / MIB;
  expect(Math.abs(heapMib('big-cjs') / 16 - 1)).toBeLessThan(0.1);
  expect(Math.abs(heapMib('@scope/esm') / 10 - 1)).toBeLessThan(0.1);
  expect(Math.abs(heapMib('small-cjs') / 4 - 1)).toBeLessThan(0.1);
});

test('what a package brought along is in its cumulative cost, and the one who asked is named', () => {
  expect(row('small-cjs')?.askedBy).toEqual(['big-cjs']);
  const big = row('big-cjs');
  const both = (big?.self.heapBytes ?? 0) + (row('small-cjs')?.self.heapBytes ?? 0);
  expect(big?.cumulative.heapBytes).toBe(both);
});

test('the costs of all packages and of the loader add up to the growth', () => {
  const sum = report.packages.reduce(
    (bytes, { self }) => bytes + self.heapBytes,
    report.unattributed.heapBytes,
  );
  expect(sum).toBe(report.growth.heapBytes);
});

test('a package is used when one of its functions ran after the start', () => {
  expect(report.packages.map((entry) => [entry.package, entry.used])).toEqual([
    ['big-cjs', false],
    ['@scope/esm', true],
    ['small-cjs', false],
    ['(the service)', true],
  ]);
});

test('packages without use that the service asks for itself are named, with what they brought along', () => {
  const text = modulesText(report);
  const bothMib = ((row('big-cjs')?.cumulative.anonymousBytes ?? 0) / MIB).toFixed(1);
  expect(text).toContain(`Not used in the first ${report.seconds} s: big-cjs ${bothMib} MiB. Load late`);
  expect(text).toContain('Unused too: 1 more that other packages asked for.');
});

test('the treemap has a box for each package with its figures', () => {
  expect(page.match(/<rect/g)?.length).toBe(report.packages.length);
  expect(page).toContain('@scope/esm: ');
  const labels = [...page.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, label]) => label);
  expect(labels.slice(0, 2)).toEqual([
    'big-cjs',
    `${((row('big-cjs')?.self.anonymousBytes ?? 0) / MIB).toFixed(1)} MiB`,
  ]);
});

test('the measured service runs unguarded, with the NODE_OPTIONS of whoever asked', () => {
  writeFileSync(
    join(folder, 'asks.mjs'),
    'console.log(process.env.PLIMSOLL, process.env.NODE_OPTIONS); setTimeout(() => {}, 50);',
  );
  const outcome = runToEnd([plimsoll, 'modules', '--json', '--', 'node', 'asks.mjs'], {
    cwd: folder,
    env: { PLIMSOLL: 'on', NODE_OPTIONS: '--no-deprecation' },
  });
  expect(outcome).toMatchObject({ code: 0, err: 'off --no-deprecation\n' });
});

test('what is read and compiled is its package’s: 4 MiB of text of an ES module', () => {
  mkdirSync(join(folder, 'node_modules/long-esm'), { recursive: true });
  writeFileSync(
    join(folder, 'node_modules/long-esm/package.json'),
    '{"type":"module","exports":"./index.js"}',
  );
  const text = `export const ask = () => 1; /*${'x'.repeat(4 * MIB)}*/`;
  writeFileSync(join(folder, 'node_modules/long-esm/index.js'), text);
  writeFileSync(
    join(folder, 'reads.mjs'),
    // Alone: of two files that are read at the same moment either may have the other's text.
    `import 'long-esm'; setTimeout(() => {}, 50);`,
  );
  const outcome = runToEnd([plimsoll, 'modules', '--json', '--', 'node', 'reads.mjs'], { cwd: folder });
  const { packages } = JSON.parse(outcome.out) as ModuleCostReport;
  const heapMib = packages.map(({ package: name, self }) => [name, Math.round(self.heapBytes / MIB)]);
  expect(Object.fromEntries(heapMib)).toEqual({ 'long-esm': 4, '(the service)': 0 });
});

test('a command that is not node, a missing script and a bad option are refused', () => {
  const command = (...words: string[]) =>
    runToEnd([process.execPath, join(plimsoll, '..', '..', 'dist', 'cli', 'main.js'), 'modules', ...words], {
      cwd: folder,
    });
  expect(command('--', 'npm', 'start')).toMatchObject({ code: 2, out: '' });
  expect(command('--minutes', 'soon', '--', 'node', 'server.mjs').code).toBe(2);
  expect(command().code).toBe(2);
});
