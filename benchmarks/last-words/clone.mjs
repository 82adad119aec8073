// Fills 80 % of V8's old space at 40 MB/s, then needs as much again inside one builtin: V8's limit is met where no JavaScript runs.
import { getHeapStatistics } from 'node:v8';

const limitBytes = getHeapStatistics().heap_size_limit;
const sessions = new Map();
let next = 0;

const timer = setInterval(() => {
  for (let count = 0; count < 1_000; count += 1) {
    const visits = [];
    for (let index = 0; index < 14; index += 1) visits.push({ index, id: next, path: '/account' });
    sessions.set((next += 1), { user: `user-${next}`, visits });
  }
  if (getHeapStatistics().used_heap_size < 0.78 * limitBytes) return;
  clearInterval(timer);
  const copies = [];
  setInterval(() => copies.push(structuredClone(sessions)), 300);
}, 20);
