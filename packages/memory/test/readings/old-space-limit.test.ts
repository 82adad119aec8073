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
