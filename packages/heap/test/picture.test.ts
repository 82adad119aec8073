import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { mib } from '@plimsoll/memory';
import { expect, test } from 'vitest';
import { type HeapPlan, planHeap } from '../src/index.ts';

const docs = join(import.meta.dirname, '..', '..', '..', 'docs');

/** One character for each 8 MiB of a limit. */
function bar(plan: HeapPlan): string {
  const bytesOf = Object.fromEntries(plan.reserves.map(({ name, bytes }) => [name, bytes]));
  const parts = [
    ['P', bytesOf['program']],
    ['p', (bytesOf['process'] ?? 0) + (bytesOf['guard'] ?? 0)],
    ['Y', bytesOf['young']],
    ['H', bytesOf['heap-overhead']],
    ['m', bytesOf['margin']],
    ['E', bytesOf['external']],
    ['W', bytesOf['workers']],
    ['O', plan.oldSpaceBytes],
  ] as const;
  const drawn = parts.map(([letter, bytes = 0]) => letter.repeat(Math.round(bytes / mib(8))));
  return `|${drawn.filter((part) => part !== '').join('|')}|`;
}

test.each([
  ['guide.md', { limitBytes: mib(256) }],
  ['guide.md', { limitBytes: mib(512) }],
  ['guide.md', { limitBytes: mib(512), externalBytes: mib(50), workerCount: 2 }],
  ['design/heap-plan.md', { limitBytes: mib(512) }],
])('the picture in docs/%s is the plan of %j on Node.js 24, one character for 8 MiB', (file, options) => {
  expect(readFileSync(join(docs, file), 'utf8')).toContain(bar(planHeap({ ...options, nodeMajor: 24 })));
});
