import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { benchmarkPages } from '../scripts/benchmarks-page/page.mjs';

const root = join(import.meta.dirname, '..');
const pages: Record<string, string> = benchmarkPages();

test('docs/benchmarks.md and its pictures are what the results say (run `pnpm docs` after a benchmark with --json)', () => {
  expect(Object.keys(pages)).toContain('docs/benchmarks.md');
  for (const [path, text] of Object.entries(pages))
    expect([path, readFileSync(join(root, path), 'utf8')]).toEqual([path, text]);
});

test('every result has its heading, its question and at least one table', () => {
  const names = readdirSync(join(root, 'benchmarks', 'results'))
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -'.json'.length));
  expect(names.length).toBeGreaterThan(5);
  const parts = (pages['docs/benchmarks.md'] ?? '').split(/^## /m).slice(1);
  expect(parts.map((part) => part.split('\n')[0])).toEqual(names.sort());
  for (const part of parts) {
    expect(part).toMatch(/^[^\n]+\n\n[^\n]+\?/);
    expect(part).toMatch(/^\|.*\|$/m);
  }
});
