// One measurement in a process of its own: node cell.mjs <ndjson|array|endless|tee|flat> <contender> <path> <bytes>. Prints one line of JSON.
// What the contender imports is loaded before the clock starts and told apart: a service pays it once.
import { readFileSync } from 'node:fs';
import { array, modulesOf, ndjson } from './contenders.mjs';
import { endless, flat, tee } from './bounds.mjs';

function residentBytes(field) {
  const status = readFileSync('/proc/self/status', 'utf8');
  return Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)[1]) * 1024;
}

function cpuSeconds(since) {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1e6;
}

const [part, name, path, bytes] = process.argv.slice(2);
const contender = { ndjson, array, endless, tee, flat }[part][name];
const start = process.cpuUsage();
const startBytes = residentBytes('VmRSS');
for (const module of modulesOf(name)) await import(module);
const importSeconds = cpuSeconds(start);
const importBytes = residentBytes('VmRSS') - startBytes;
const before = process.cpuUsage();
const { count = 0, sum = 0, outcome, cpu } = await contender(path, Number(bytes));
process.stdout.write(
  JSON.stringify({
    count,
    sum,
    outcome,
    cpuSeconds: cpu ?? cpuSeconds(before),
    peakBytes: residentBytes('VmHWM'),
    importSeconds,
    importBytes,
  }),
);
