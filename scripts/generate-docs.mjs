// Writes every page of docs/ that comes from code: node scripts/generate-docs.mjs (after tsc -b)
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { configurationMarkdown } from '../packages/memory/dist/index.js';
import { benchmarkPages } from './benchmarks-page/page.mjs';

const root = join(import.meta.dirname, '..');
const pages = { 'docs/configuration.md': configurationMarkdown(), ...benchmarkPages() };

for (const [path, text] of Object.entries(pages)) {
  const target = join(root, path);
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, text);
  process.stdout.write(`${path}\n`);
}
