import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The run of a benchmark of several parts, each `async () => ({ title, rows })`: those that the command line names, or all; a table of each; with `--json`
 * results/<name>.json, in which parts that were not run keep their last figures.
 */
export async function runParts(name, parts) {
  const words = process.argv.slice(2);
  const chosen = Object.keys(parts).filter((part) => words.includes(part));
  const result = { node: process.version, arch: process.arch, parts: {} };
  for (const part of chosen.length > 0 ? chosen : Object.keys(parts)) {
    const { title, rows } = await parts[part]();
    result.parts[part] = { title, rows };
    console.log(`\n${title}`);
    console.table(rows);
  }
  if (!words.includes('--json')) return;
  const folder = join(import.meta.dirname, '..', 'results');
  const file = join(folder, `${name}.json`);
  mkdirSync(folder, { recursive: true });
  const last = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).parts : {};
  writeFileSync(file, `${JSON.stringify({ ...result, parts: { ...last, ...result.parts } }, null, 2)}\n`);
  console.log(`wrote ${file}`);
}
