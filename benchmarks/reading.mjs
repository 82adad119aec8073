// What does one reading of memory cost, in µs of CPU and in bytes, beside process.memoryUsage() and process.availableMemory()?
// usage: pnpm bench reading [--rounds 15] [--calls 2000] [--json]; runs in a real memory cgroup of 512 MiB where one can be made, else says so
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { getHeapStatistics } from 'node:v8';
import { openMemoryReader, resolveMemoryLimit, startMemoryMonitor } from '@plimsoll/memory';
import { cgroupRefusal, MemoryCgroup } from './cgroup/memory-cgroup.mjs';

/** The number to hold. */
const LIMIT_US = 60;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '15' },
    calls: { type: 'string', default: '2000' },
    json: { type: 'boolean', default: false },
    inside: { type: 'boolean', default: false },
  },
});

const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];

function measure() {
  const reader = openMemoryReader();
  // The clock of the monitor must not tick by itself.
  const monitor = startMemoryMonitor({ reader, tickMs: 3_600_000, fastTickMs: 3_600_000 });
  const contenders = {
    'plimsoll: one reading': () => reader.read().headroomBytes,
    'plimsoll: one tick (reading, trend, pressure, budget)': () => monitor.sampleNow().headroomBytes,
    'plimsoll: limit looked up anew': () => resolveMemoryLimit().limitBytes,
    'process.memoryUsage()': () => process.memoryUsage().rss,
    'process.memoryUsage() again (A/A)': () => process.memoryUsage().rss,
    'process.availableMemory()': () => process.availableMemory(),
  };
  const names = Object.keys(contenders);
  const rounds = Object.fromEntries(names.map((name) => [name, { us: [], bytes: [] }]));
  let checksum = 0;
  const repeat = (name) => {
    const call = contenders[name];
    const count = name.includes('anew') ? values.calls / 20 : Number(values.calls);
    for (let index = 0; index < count; index += 1) checksum += call() > 0 ? 1 : 0;
    return count;
  };
  for (const name of names) repeat(name);
  for (let round = 0; round < Number(values.rounds); round += 1) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      globalThis.gc();
      const heapBefore = getHeapStatistics().used_heap_size;
      const before = process.cpuUsage();
      const count = repeat(name);
      const { user, system } = process.cpuUsage(before);
      rounds[name].us.push((user + system) / count);
      rounds[name].bytes.push((getHeapStatistics().used_heap_size - heapBefore) / count);
    }
  }
  const sample = reader.read();
  const { rss, heapUsed } = process.memoryUsage();
  const checks = {
    'every call answered a positive number': checksum > 0,
    'resident memory agrees with Node’s within 5 %': Math.abs(sample.rssBytes / rss - 1) < 0.05,
    'heap used agrees with Node’s within 5 %': Math.abs(sample.heapUsedBytes / heapUsed - 1) < 0.05,
  };
  const limit = resolveMemoryLimit();
  return { rounds, checks, limitBytes: limit.limitBytes, origin: limit.origin, node: process.version };
}

async function runInside() {
  const flags = ['--expose-gc', '--min-semi-space-size=64', '--max-semi-space-size=64'];
  const args = [
    ...flags,
    import.meta.filename,
    '--inside',
    '--rounds',
    values.rounds,
    '--calls',
    values.calls,
  ];
  const refusal = cgroupRefusal();
  if (refusal !== undefined) {
    process.stderr.write(`not in a control group of its own: ${refusal}\n`);
    return JSON.parse(
      spawnSync(process.execPath, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).stdout,
    );
  }
  const group = new MemoryCgroup(512 * 1024 ** 2);
  try {
    const { stdout, stderr, code } = await group.run(process.execPath, args, { timeoutMs: 300_000 });
    if (code !== 0) throw new Error(stderr);
    return JSON.parse(stdout);
  } finally {
    group.remove();
  }
}

function report({ rounds, checks, limitBytes, origin, node }) {
  const base = rounds['process.memoryUsage()'].us;
  const rows = Object.entries(rounds).map(([name, { us, bytes }]) => {
    const ratios = us.map((value, index) => value / base[index]);
    return {
      name,
      medianUs: median(us),
      lowUs: Math.min(...us),
      highUs: Math.max(...us),
      bytes: Math.round(median(bytes)),
      ratio: median(ratios),
    };
  });
  const lines = rows.map(
    (row) =>
      `${row.name.padEnd(56)} ${row.medianUs.toFixed(1).padStart(7)} (${row.lowUs.toFixed(1)}–${row.highUs.toFixed(1)}) ${String(row.bytes).padStart(7)} ${row.ratio.toFixed(2).padStart(7)}`,
  );
  const failed = Object.entries(checks).filter(([, ok]) => !ok);
  const readingUs = rows[0].medianUs;
  const isHeld = failed.length === 0 && readingUs <= LIMIT_US;
  process.stdout.write(
    `Node ${node}, ${cpus()[0]?.model}, limit ${limitBytes / 1024 ** 2} MiB from ${origin}; ${values.rounds} interleaved rounds\n` +
      `${'one call'.padEnd(56)} µs CPU (min–max)   bytes   × memoryUsage\n${lines.join('\n')}\n` +
      failed.map(([check]) => `WRONG: ${check} is not so\n`).join('') +
      `${isHeld ? 'held' : 'NOT HELD'}: one reading ${readingUs.toFixed(1)} µs, at most ${LIMIT_US}; ten ticks a second are ${((rows[1].medianUs * 10) / 1e4).toFixed(3)} % of a core\n`,
  );
  if (values.json) {
    const folder = join(import.meta.dirname, 'results');
    mkdirSync(folder, { recursive: true });
    writeFileSync(
      join(folder, 'reading.json'),
      `${JSON.stringify({ node, limitBytes, checks, rows }, null, 2)}\n`,
    );
  }
  process.exitCode = isHeld ? 0 : 1;
}

if (values.inside) process.stdout.write(JSON.stringify(measure()));
else report(await runInside());
