// Keeps records, a little at a time, until its heap uses 140 MiB, and then ends well; `little` never ends. node growing-service.cjs [worker|little]
'use strict';
const { Worker, isMainThread } = require('node:worker_threads');

const STOP_BYTES = process.argv[2] === 'little' ? Infinity : 140 * 2 ** 20;
const kept = [];

function keep() {
  for (let turn = 0; turn < 2000; turn += 1) {
    kept.push({ turn, text: `record ${kept.length}`, at: [turn, turn + 1] });
  }
  if (process.memoryUsage().heapUsed > STOP_BYTES) {
    process.stdout.write('kept 140 MiB\n');
    process.exit(0);
  }
}

if (isMainThread) {
  if (process.argv[2] === 'worker') new Worker(__filename);
  setInterval(keep, 20);
} else setInterval(() => {}, 1000);
