import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { plimsoll, runToEnd } from '../cli/command.ts';

// The preload takes its size flags out of process.execArgv; the readings then took 256 MiB for the old space of a heap of 384 + 3 × 16 MiB, and a leak that had
// 13 s left was said to meet its limit in 2 s.
test('behind plimsoll run the readings know an old space of 384 MiB beside semi-spaces of 16 MiB', () => {
  const memory = pathToFileURL(
    join(import.meta.dirname, '..', '..', '..', 'memory', 'dist', 'index.js'),
  ).href;
  const script = `import('${memory}').then(({ oldSpaceLimitBytes }) => console.log(
    process.execArgv.length, oldSpaceLimitBytes(require('node:v8').getHeapStatistics().heap_size_limit) / 2 ** 20))`;
  const plan = runToEnd([plimsoll, 'plan', '--limit', '512MiB', '--json']);
  const { oldSpaceBytes } = JSON.parse(plan.out) as { oldSpaceBytes: number };
  const { out } = runToEnd([plimsoll, 'run', '--', 'node', '-e', script], {
    env: { PLIMSOLL_LIMIT: '512MiB' },
  });
  expect(out).toBe(`2 ${oldSpaceBytes / 2 ** 20}\n`);
});
