import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { mib } from '../../src/index.ts';
import { youngPartBytes } from '../../src/readings/old-space-limit.ts';

test.each([
  ['two flags', 207, ['--max-old-space-size=183', '--max-semi-space-size=8'], '', 24],
  ['flags with underscores and a separate value', 207, ['--max_semi_space_size', '8'], '', 24],
  ['old space alone on Node 24', 704, ['--max-old-space-size=512'], '', 192],
  [
    'NODE_OPTIONS, which arguments overrule',
    560,
    ['--max-old-space-size=500'],
    '--max-old-space-size=100',
    60,
  ],
  ['the default of Node 20 in 1 GiB', 524, [], '', 12],
  ['the default of Node 24 in 16 GiB', 4288, [], '--enable-source-maps', 192],
  ['the default of Node 20 in 256 MiB', 259, [], '', 3],
] as const)(
  '%s: of %i MiB the young part is told by %o and "%s" as %i MiB',
  (_, limitMib, args, env, youngMib) => {
    expect(youngPartBytes(mib(limitMib), args, env)).toBe(mib(youngMib));
  },
);

test('what V8 reports in a real process is old space and three semi-spaces', () => {
  const script = 'console.log(require("node:v8").getHeapStatistics().heap_size_limit)';
  const args = ['--max-old-space-size=183', '--max-semi-space-size=8'];
  const heapLimitBytes = Number(execFileSync(process.execPath, [...args, '-e', script]));
  expect(heapLimitBytes - youngPartBytes(heapLimitBytes, args, '')).toBe(mib(183));
});

test.each([4, 48])(
  'a worker of 40 MiB and %i MiB young tells 40 MiB, whatever flags the process has',
  (youngMib) => {
    const flags = ['--max-old-space-size=183', '--max-semi-space-size=8'];
    const memory = JSON.stringify(new URL('../../dist/index.js', import.meta.url).href);
    const worker = `import(${memory}).then(({ oldSpaceLimitBytes }) => {
    const { heap_size_limit } = process.getBuiltinModule('node:v8').getHeapStatistics();
    console.log(oldSpaceLimitBytes(heap_size_limit));
  })`;
    const script = `const { setFlagsFromString } = require('node:v8'); const { Worker } = require('node:worker_threads');
    for (const name of ['old', 'semi']) setFlagsFromString('--max-' + name + '-space-size=0');
    new Worker(${JSON.stringify(worker)}, { eval: true, resourceLimits: { maxOldGenerationSizeMb: 40, maxYoungGenerationSizeMb: ${youngMib} } });`;
    expect(Number(execFileSync(process.execPath, [...flags, '-e', script]))).toBe(mib(40));
  },
);
