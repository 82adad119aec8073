// One measurement in a process of its own: node cell.mjs <ndjson|array|endless|tee|flat> <contender> <path> <bytes>. Prints one line of JSON.
import { readFileSync } from 'node:fs';
import { array, ndjson } from './contenders.mjs';
import { endless, flat, tee } from './bounds.mjs';

const [part, name, path, bytes] = process.argv.slice(2);
const contender = { ndjson, array, endless, tee, flat }[part][name];
const before = process.cpuUsage();
const result = await contender(path, Number(bytes));
const { user, system } = result.cpu ?? process.cpuUsage(before);
const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'));
const { count = 0, sum = 0, outcome } = result;
process.stdout.write(
  JSON.stringify({
    count,
    sum,
    outcome,
    cpuSeconds: (user + system) / 1e6,
    peakBytes: Number(peak[1]) * 1024,
  }),
);
