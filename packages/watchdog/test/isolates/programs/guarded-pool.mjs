// A guarded process with one worker that leaks until its limit: node guarded-pool.mjs <folder> <form> <count> <MiB>. What the owner sees goes to stdout, a line each.
import { Worker } from 'node:worker_threads';
import { start } from '@plimsoll/watchdog';

const [incidentDir, form, count = '1', oldSpaceMib = '40'] = process.argv.slice(2);
start({ incidentDir, snapshot: 'off' });
const innocent = new Map(Array.from({ length: 50_000 }, (_, i) => [`innocent ${i}`, { i }]));
for (let life = 0; life < Number(count); life += 1) {
  const worker = new Worker(new URL('leaking-worker.mjs?token=query-secret', import.meta.url), {
    workerData: form,
    resourceLimits: { maxOldGenerationSizeMb: Number(oldSpaceMib), maxYoungGenerationSizeMb: 4 },
  });
  worker.on('error', ({ code }) => console.log(`error ${code}`));
  // Not `once`, which rejects at the error that is expected here.
  console.log(`exit ${await new Promise((resolve) => worker.on('exit', resolve))}`);
}
console.log(`served on, ${innocent.size} entries`);
