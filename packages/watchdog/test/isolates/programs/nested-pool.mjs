// A guarded process whose worker starts a worker that leaks: node nested-pool.mjs <incident folder> <form>
import { Worker } from 'node:worker_threads';
import { start } from '@plimsoll/watchdog';

const [incidentDir, workerData] = process.argv.slice(2);
start({ incidentDir, snapshot: 'off' });
new Worker(new URL('nesting-worker.mjs', import.meta.url), { workerData }).on('exit', (code) =>
  console.log(`outer exit ${code}`),
);
