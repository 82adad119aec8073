// A guarded process with workers that do not call the guard: node unguarded-workers.mjs <incident folder>. One of them leaks until its limit.
import { Worker } from 'node:worker_threads';
import { start } from '@plimsoll/watchdog';

start({ incidentDir: process.argv[2], snapshot: 'off' });
const idle = 'setTimeout(() => undefined, 9000)';
new Worker(idle, { eval: true });
new Worker(idle, { eval: true, execArgv: [] });
const leaking = new Worker(
  'const kept = []; setTimeout(() => { for (;;) kept.push({ at: kept.length }); }, 7500);',
  {
    eval: true,
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: 30, maxYoungGenerationSizeMb: 4 },
  },
);
leaking.on('error', ({ code }) => console.log(`error ${code}`));
