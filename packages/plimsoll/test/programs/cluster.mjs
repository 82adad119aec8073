// A cluster of two under one limit; the second child leaks into a Map until its share is full, and is replaced by nobody: node cluster.mjs.
import cluster from 'node:cluster';
import { getHeapStatistics } from 'node:v8';

const carts = new Map();
function fill() {
  for (let i = 0; i < 4000; i += 1) carts.set(`cart ${carts.size}`, { items: [i], note: `cart ${i}` });
}

if (cluster.isPrimary) {
  console.log(JSON.stringify({ role: 'primary', heapLimitBytes: getHeapStatistics().heap_size_limit }));
  const [healthy, leaking] = [{}, { LEAKS: '1' }].map((env) => cluster.fork(env));
  leaking.on('exit', (code, signal) => {
    console.log(JSON.stringify({ role: 'ended', pid: leaking.process.pid, ending: signal ?? code }));
    healthy.send('are you well?');
  });
  healthy.on('message', (answer) => {
    console.log(answer);
    healthy.disconnect();
  });
} else {
  console.log(JSON.stringify({ role: 'child', heapLimitBytes: getHeapStatistics().heap_size_limit }));
  process.on('message', () => process.send(JSON.stringify({ role: 'well', entries: carts.size })));
  if (process.env.LEAKS === '1') setInterval(fill, 20);
}
