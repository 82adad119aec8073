// What does lateness cost and what does it give back: access after load, the cost report against an unmeasured process, memory returned by a child, a worker, unloading?
// pnpm bench lazy [access|report|returned] [--json]. Access: interleaved in one process. The rest: processes of their own, medians; the module is TypeScript 5.9.3,
// and rxjs and zod beside it for the report.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { measureAccess } from './lazy/access.mjs';
import { measureReport } from './lazy/report.mjs';
import { measureReturned } from './lazy/returned.mjs';

const parts = { access: measureAccess, report: measureReport, returned: measureReturned };
const words = process.argv.slice(2);
const chosen = Object.keys(parts).filter((part) => words.includes(part));
const result = { node: process.version, arch: process.arch, parts: {} };
for (const part of chosen.length > 0 ? chosen : Object.keys(parts)) {
  const { title, rows } = await parts[part]();
  result.parts[part] = { title, rows };
  console.log(`\n${title}`);
  console.table(rows);
}
if (words.includes('--json')) {
  const file = join(import.meta.dirname, 'results', 'lazy.json');
  mkdirSync(join(import.meta.dirname, 'results'), { recursive: true });
  // Parts that were not run keep their last figures.
  const last = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).parts : {};
  writeFileSync(file, `${JSON.stringify({ ...result, parts: { ...last, ...result.parts } }, null, 2)}\n`);
  console.log(`wrote ${file}`);
}
