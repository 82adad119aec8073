import { expect, test } from 'vitest';
import { plimsoll, runToEnd } from './command.ts';

const heapLimit = 'console.log(v8.getHeapStatistics().heap_size_limit / 2 ** 20)';

test('a limit of 256 MiB starts node with a heap limit of 160 + 3 × 8 = 184 MiB', () => {
  const outcome = runToEnd([plimsoll, 'run', '--limit', '256MiB', '--', 'node', '-e', heapLimit]);
  expect(outcome).toMatchObject({ code: 0, out: '184\n' });
});

test('without a program: the usage and exit code 2', () => {
  const outcome = runToEnd([plimsoll, 'run']);
  expect(outcome).toMatchObject({ code: 2, out: '' });
  expect(outcome.err).toContain('run needs a program to start.\nusage: plimsoll run');
});
