import { join } from 'node:path';
import { mib } from '@plimsoll/memory';
import { expect, test } from 'vitest';
import { runToEnd } from './cli/command.ts';

const packageFolder = join(import.meta.dirname, '..');
const program = `
  import { lazyWorker } from '@plimsoll/lazy';
  const v8 = lazyWorker('node:v8');
  console.log((await v8.api.getHeapStatistics()).heap_size_limit);
  await v8[Symbol.asyncDispose]();`;

test('a lazyWorker of a guarded service has the 24 MiB of PLIMSOLL_WORKER_HEAP, whatever the size flag of the service', () => {
  const auto = join(packageFolder, 'dist', 'auto.js');
  const words = ['--import', auto, '--max-old-space-size=200', '--input-type=module', '-e', program];
  const outcome = runToEnd([process.execPath, ...words], {
    cwd: packageFolder,
    env: { PLIMSOLL_WORKER_HEAP: '24MiB' },
  });
  expect(outcome).toMatchObject({ code: 0, out: `${mib(30)}\n`, err: '' });
});

test('without a guard a lazyWorker is asked for its size', () => {
  const outcome = runToEnd([process.execPath, '--input-type=module', '-e', program], { cwd: packageFolder });
  expect(outcome.code).toBe(1);
  expect(outcome.err).toContain('maxHeapBytes is undefined; expected');
});
