// How long is the longest single operation of a cache that fills to a million entries and then evicts?
//   pnpm bench cache-pauses [--json] [--entries 1000000]
// CPU time of every single `set`, so that a busy machine does not count; operations in which V8 collected garbage are told apart. lru-cache beside it: made for
// as many entries at once, and without a bound on their number (maxSize), where its Map grows and copies itself.
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PerformanceObserver } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { LRUCache } from 'lru-cache';
import './cache/published.mjs';

const { Cache } = await import(process.env.PLIMSOLL_BENCH_CACHE);

const { values: options } = parseArgs({
  options: { json: { type: 'boolean', default: false }, entries: { type: 'string', default: '1000000' } },
});
const entries = Number(options.entries);
const value = { is: 'the value' };
const kinds = { number: (at) => at * 7 + 1, string: (at) => `user:${String(at).padStart(15, '0')}` };
const contenders = {
  plimsoll: (count) => new Cache({ maxCount: count }),
  'lru-cache': (count) => new LRUCache({ max: count }),
  'lru-cache, maxSize': (count) => new LRUCache({ maxSize: count, sizeCalculation: () => 1 }),
};
const cpuMs = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
};

const collections = [];
const observer = new PerformanceObserver((list) => {
  for (const { startTime, duration } of list.getEntries())
    collections.push([startTime, startTime + duration]);
});
observer.observe({ entryTypes: ['gc'] });

/** Compiles what is measured, with a cache to throw away that fills and evicts. */
async function warmUp(name, kind) {
  const cache = contenders[name](50_000);
  for (let at = 0; at < 300_000; at++) cache.set(kinds[kind](at), value);
  await wait(300);
}

async function measure(name, kind) {
  await warmUp(name, kind);
  const cache = contenders[name](entries);
  const slow = [];
  for (let done = 0; done < entries * 1.5;) {
    // Keys are made outside: only the operation counts.
    const keys = Array.from({ length: 8_192 }, (_, at) => kinds[kind](done + at));
    for (const key of keys) {
      const startedMs = performance.now();
      const startedCpuMs = cpuMs();
      cache.set(key, value);
      const ms = cpuMs() - startedCpuMs;
      if (ms > 0.25) slow.push({ ms, startedMs, endedMs: performance.now() });
    }
    done += keys.length;
  }
  await wait(100);
  const isCollecting = ({ startedMs, endedMs }) =>
    collections.some(([from, to]) => from < endedMs && to > startedMs);
  const longest = (list) => list.reduce((most, { ms }) => Math.max(most, ms), 0);
  const own = slow.filter((operation) => !isCollecting(operation));
  return {
    name,
    kind,
    held: cache.size,
    longestMs: longest(own),
    over1Ms: own.filter(({ ms }) => ms > 1).length,
    longestWithCollectionMs: longest(slow.filter(isCollecting)),
  };
}

async function measureAll() {
  const rows = [];
  process.stdout.write(`${process.version}; longest set of ${entries * 1.5}, CPU ms\n`);
  for (const kind of Object.keys(kinds)) {
    for (const name of Object.keys(contenders)) {
      const row = await measure(name, kind);
      rows.push(row);
      process.stdout.write(
        `${kind.padEnd(8)}${name.padEnd(20)} longest ${row.longestMs.toFixed(2)}, over 1 ms: ${row.over1Ms}, with collection ${row.longestWithCollectionMs.toFixed(1)}, holds ${row.held}\n`,
      );
    }
  }
  observer.disconnect();
  if (options.json) {
    mkdirSync(join(import.meta.dirname, 'results'), { recursive: true });
    const file = join(import.meta.dirname, 'results', 'cache-pauses.json');
    writeFileSync(file, `${JSON.stringify({ node: process.version, entries, rows }, null, 1)}\n`);
  }
}

const flag = '--single-threaded-gc';
if (process.execArgv.includes(flag)) await measureAll();
else {
  // The process's CPU time stands for the operation's: no helper of V8's may run beside it.
  const words = [flag, import.meta.filename, ...process.argv.slice(2)];
  process.exitCode = spawnSync(process.execPath, words, { stdio: 'inherit' }).status ?? 1;
}
