import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const dist = join(import.meta.dirname, '..', 'dist', 'index.js');

/** Heap limits of main and of a worker with resourceLimits 100 + 3 × 8 MiB, in MiB, in a process started with a size flag. */
function heapLimitsMib(honour: boolean): { mainMib: number; workerMib: number } {
  const program = `
    import { getHeapStatistics } from 'node:v8';
    import { Worker } from 'node:worker_threads';
    ${honour ? `import { honourWorkerLimits } from ${JSON.stringify(dist)}; honourWorkerLimits();` : ''}
    const worker = new Worker(
      "require('worker_threads').parentPort.postMessage(require('v8').getHeapStatistics().heap_size_limit)",
      { eval: true, execArgv: [], resourceLimits: { maxOldGenerationSizeMb: 100, maxYoungGenerationSizeMb: 24 } },
    );
    worker.on('message', (bytes) => console.log(JSON.stringify({
      mainMib: getHeapStatistics().heap_size_limit / 2 ** 20, workerMib: bytes / 2 ** 20,
    })));`;
  const flags = ['--max-old-space-size=1000', '--max-semi-space-size=8'];
  const output = execFileSync(process.execPath, [...flags, '--input-type=module', '-e', program], {
    encoding: 'utf8',
  });
  return JSON.parse(output) as { mainMib: number; workerMib: number };
}

test('a worker limited to 124 MiB really gets 1,024 MiB when the process has size flags', () => {
  expect(heapLimitsMib(false)).toEqual({ mainMib: 1024, workerMib: 1024 });
});

test('honourWorkerLimits gives that worker its 124 MiB and leaves main its 1,024 MiB', () => {
  expect(heapLimitsMib(true)).toEqual({ mainMib: 1024, workerMib: 124 });
});
