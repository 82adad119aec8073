// What does a lease cost: objects, buffers and resources, beside peers, an unchecked free list and `new`?
// pnpm bench pool [objects|buffers|resources] [--json]. Objects: contenders interleaved in one process; buffers and resources: processes of their own, alternated. Medians of
// rounds,
// process CPU time; `control` is the first contender once more: what differs between the two is noise.
import { mkdirSync, writeFileSync } from 'node:fs';
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
  writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
  console.log(`wrote ${file}`);
}
