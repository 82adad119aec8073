// The worker of guarded-pool.mjs: it leaks into a Map in timers, in a synchronous loop, or not at all.
import { workerData } from 'node:worker_threads';
import { start } from '@plimsoll/watchdog';

start();
const thumbnails = new Map();
function remember() {
  thumbnails.set(`key-secret ${thumbnails.size}`, {
    size: thumbnails.size,
    note: `value-secret ${thumbnails.size}`,
  });
}
if (workerData === 'timers') {
  setInterval(() => {
    for (let i = 0; i < 2500; i += 1) remember();
  }, 10);
} else if (workerData === 'loop') {
  setTimeout(() => {
    for (;;) remember();
  }, 300);
} else setTimeout(() => undefined, 300);
