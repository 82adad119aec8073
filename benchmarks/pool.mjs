// What does a lease cost: objects, buffers and resources, beside peers, an unchecked free list and `new`?
// pnpm bench pool [objects|buffers|resources] [--json]. Each contender in processes of its own, alternated; medians,
// process CPU time; `control` is the first contender once more: what differs between the two is noise.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { measureBuffers } from './pool/buffers.mjs';
import { measureObjects } from './pool/objects.mjs';
import { measureResources } from './pool/resources.mjs';

const parts = { objects: measureObjects, buffers: measureBuffers, resources: measureResources };
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
  const file = join(import.meta.dirname, 'results', 'pool.json');
  mkdirSync(join(import.meta.dirname, 'results'), { recursive: true });
  // Parts that were not run keep their last figures.
  const last = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).parts : {};
  writeFileSync(file, `${JSON.stringify({ ...result, parts: { ...last, ...result.parts } }, null, 2)}\n`);
  console.log(`wrote ${file}`);
}
