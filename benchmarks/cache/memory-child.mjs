// One contender, one kind of key, in a process of its own: bytes per entry after a fill and after churn, and what collection costs meanwhile.
// node --expose-gc memory-child.mjs <contender> <string|number> <entries>
import { PerformanceObserver } from 'node:perf_hooks';
import { contenders } from './contenders.mjs';

const [name, kind, count] = process.argv.slice(2);
const capacity = Number(count);
const keyOf =
  kind === 'number'
    ? (at) => at * 7 + 1
    : (at) => Buffer.from(`user:${String(at).padStart(15, '0')}`).toString('latin1');
const value = { shared: true };
const usedBytes = () => {
  for (let round = 0; round < 4; round++) globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};
// A cache to throw away first: compiled code lies in the heap too, and is no part of an entry.
{
  const warm = contenders[name](capacity);
  for (let at = 0; at < capacity * 3; at++) warm.set(keyOf(40 * capacity + at), value);
}
const first = Array.from({ length: capacity }, (_, at) => keyOf(at));
const before = usedBytes();
const cache = contenders[name](capacity);
for (const key of first) cache.set(key, value);
const filledBytes = (usedBytes() - before) / capacity;

// Churn: keys held outside, so that only the cache's own structures count; as many again, twice, and back to keys that are alive.
const second = Array.from({ length: capacity * 2 }, (_, at) => keyOf(capacity + at));
const beforeChurn = usedBytes();
for (const key of second) cache.set(key, value);
const churnedBytes = filledBytes + (usedBytes() - beforeChurn) / capacity;

let gcMs = 0;
let longestGcMs = 0;
const observer = new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) {
    gcMs += duration;
    longestGcMs = Math.max(longestGcMs, duration);
  }
});
observer.observe({ entryTypes: ['gc'] });
const startedCpu = process.cpuUsage();
for (let at = 0; at < capacity * 20; at++) cache.set(keyOf(10 * capacity + at), { at });
const { user, system } = process.cpuUsage(startedCpu);
await new Promise((resolve) => setTimeout(resolve, 50));
observer.disconnect();
// The keys live until here, so that they count in no difference above.
if (first.length + second.length !== 3 * capacity) throw new Error('keys lost');
process.stdout.write(
  JSON.stringify({ filledBytes, churnedBytes, gcMs, longestGcMs, churnCpuMs: (user + system) / 1_000 }),
);
