// A guarded process whose worker is asked for a capture: node asked-worker.mjs <incident folder>. The outcome goes to stdout.
import { Worker } from 'node:worker_threads';
import { start } from '@plimsoll/watchdog';

class OrderOfMain {
  id = Math.random();
}
start({ incidentDir: process.argv[2], maxPauseMs: 60_000 });
const orders = Array.from({ length: 20_000 }, () => new OrderOfMain());
const worker = new Worker(new URL('capturing-worker.mjs', import.meta.url));
worker.on('message', (outcome) => {
  console.log(JSON.stringify({ ...outcome, orders: orders.length }));
  // The snapshot is counted against its header in slices meanwhile.
  setTimeout(() => void worker.terminate(), 3000);
});
setTimeout(() => worker.postMessage('now'), 1500);
