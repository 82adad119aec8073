import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { configurationMarkdown, variables } from '../../src/index.ts';
import { expectedForm, parseValue, showValue } from '../../src/config/parse-value.ts';
import type { VariableRow } from '../../src/config/table.ts';

const page = new URL('../../../../docs/configuration.md', import.meta.url);

test('docs/configuration.md is what the table says (run `pnpm docs` after a change of the table)', () => {
  expect(readFileSync(page, 'utf8')).toBe(configurationMarkdown());
});

test('every variable has a line with its option and default', () => {
  const lines = configurationMarkdown().split('\n');
  const entries = Object.entries<VariableRow>(variables);
  expect(entries.length).toBeGreaterThan(10);
  for (const [name, row] of entries) {
    expect(lines.filter((line) => line.startsWith(`| \`${name}\` | \`${row.option}\` |`))).toHaveLength(1);
  }
});

test('every default is a value its own row accepts, also as it is shown', () => {
  for (const row of Object.values<VariableRow>(variables)) {
    if (row.default === null) continue;
    expect(parseValue(row, row.default)).toBe(row.default);
    const shown = showValue(row, row.default);
    if (typeof row.default === 'string' || typeof row.default === 'boolean') {
      expect(parseValue(row, shown)).toBe(row.default);
    }
  }
});

const bytes: VariableRow = { option: 'x', type: 'bytes', default: null, range: [1024, 4096], text: '' };
const ratio: VariableRow = { option: 'x', type: 'ratio', default: null, range: [0.1, 1], text: '' };
const ms: VariableRow = { option: 'x', type: 'ms', default: null, range: [0, 3_600_000], text: '' };
const count: VariableRow = { option: 'x', type: 'count', default: null, words: ['auto'], text: '' };
const toggle: VariableRow = { option: 'x', type: 'switch', default: true, text: '' };
const url: VariableRow = { option: 'x', type: 'url', default: null, text: '' };
const path: VariableRow = { option: 'x', type: 'path', default: null, text: '' };

test.each([
  [bytes, '2KiB', 2048],
  [bytes, '5KiB', undefined],
  [bytes, 2048, 2048],
  [bytes, 2048.5, undefined],
  [ratio, '85%', 0.85],
  [ratio, '0.85', 0.85],
  [ratio, '85', undefined],
  [ratio, '0.05', undefined],
  [ms, '5min', 300_000],
  [ms, '1.5s', 1500],
  [ms, '250', 250],
  [ms, '2h', undefined],
  [ms, '5 parsecs', undefined],
  [count, '7', 7],
  [count, '7.5', undefined],
  [count, 'auto', 'auto'],
  [count, '-1', undefined],
  [toggle, 'on', true],
  [toggle, 'off', false],
  [toggle, '1', true],
  [toggle, 'maybe', undefined],
  [url, 'https://host/path?signature=s', 'https://host/path?signature=s'],
  [url, 'file:///etc/passwd', undefined],
  [url, 'host', undefined],
  [path, '/tmp/a b', '/tmp/a b'],
  [path, 'a\0b', undefined],
  [path, 7, undefined],
] as const)('a %o reads %j as %j', (row, given, value) => {
  expect(parseValue(row, given)).toBe(value);
});

test('a row says what it takes, in its own units', () => {
  expect([bytes, ratio, ms, count, toggle].map(expectedForm)).toEqual([
    'a size such as 512MiB, 1.5GiB, 300MB or a count of bytes, 1 KiB to 4 KiB',
    'a ratio such as 0.8 or 80%, 0.1 to 1',
    'a duration such as 500ms, 10s, 5min or a count of milliseconds, 0 ms to 1 h',
    'a whole number, or `auto`',
    '`on` or `off`',
  ]);
});
