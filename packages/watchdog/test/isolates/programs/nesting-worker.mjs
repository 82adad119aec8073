// The worker of nested-pool.mjs: it starts workers of its own, of which the first leaks, and lives on.
import { Worker, workerData } from 'node:worker_threads';
import { start } from '@plimsoll/watchdog';

const guard = start();
const inner = new Worker(new URL('leaking-worker.mjs', import.meta.url), {
  workerData,
  resourceLimits: { maxOldGenerationSizeMb: 40, maxYoungGenerationSizeMb: 4 },
});
inner.on('error', ({ code }) => console.log(`error ${code}`));
inner.on('exit', (exitCode) =>
  console.log(`exit ${exitCode}, outer ${guard.active ? 'guarded' : 'unguarded'}`),
);
