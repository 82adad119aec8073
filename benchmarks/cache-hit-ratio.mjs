// Which share of requests does the adaptive policy hit, against FIFO, LRU, CLOCK, SIEVE, S3-FIFO, ARC, W-TinyLFU and the optimum, on recorded and generated traces?
//   pnpm bench cache-hit-ratio [--json] [--quick] [--again] [--held-out] [part of a trace's name]
// --again replays ours only: what the others hit never changes and is taken from the result that is there.
// --held-out replays other generated traces instead, three seeds, on which nothing was tuned.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Cache } from '@plimsoll/cache';
import { Arc, Clock, Fifo, Lru, optimalHits, S3Fifo, Sieve, WTinyLfu } from './cache/policies.mjs';
import { heldOutTraces } from './cache/held-out.mjs';
import { generatedTraces, recordedTraces } from './cache/traces.mjs';

class Ours {
  constructor(capacity) {
    this.cache = new Cache({ maxCount: capacity });
  }
  access(key) {
    if (this.cache.get(key) !== undefined) return true;
    this.cache.set(key, key);
    return false;
  }
}

const policies = {
  FIFO: (capacity) => new Fifo(capacity),
  LRU: (capacity) => new Lru(capacity),
  CLOCK: (capacity) => new Clock(capacity),
  SIEVE: (capacity) => new Sieve(capacity),
  'S3-FIFO': (capacity) => new S3Fifo(capacity),
  ARC: (capacity) => new Arc(capacity),
  'W-TinyLFU': (capacity) => new WTinyLfu(capacity),
  Plimsoll: (capacity) => new Ours(capacity),
};

/** Published hit ratios: ARC's paper, Caffeine's simulator. The simulator is right when it reproduces them. */
const published = [
  ['arc_OLTP', 1_000, 'LRU', 32.83],
  ['arc_OLTP', 2_000, 'LRU', 42.47],
  ['lirs_gli', 1_000, 'LRU', 11.2],
  ['lirs_gli', 2_000, 'LRU', 57.4],
  ['lirs_loop', 1_000, 'LRU', 0],
  ['scarab_scarab-recs', 100_000, 'LRU', 75.91],
  ['scarab_scarab-recs', 100_000, 'ARC', 76.09],
  ['scarab_scarab-recs', 100_000, 'optimum', 79.25],
];

const words = process.argv.slice(2);
const wanted = words.find((word) => !word.startsWith('--'));
const isHeldOut = words.includes('--held-out');
const folder = process.env['PLIMSOLL_TRACES'];
const recorded = isHeldOut ? [] : recordedTraces(folder);
if (recorded.length === 0 && !isHeldOut) {
  process.stderr.write(
    'No recorded traces: PLIMSOLL_TRACES names no folder of *.u32.gz files. Generated ones only.\n',
  );
}

const heldOut = () =>
  [101, 7, 2_024].flatMap((seed) =>
    heldOutTraces(seed).map((trace) => ({ ...trace, name: `${trace.name} (${seed})`, isGenerated: true })),
  );
const traces = isHeldOut ? heldOut() : [...recorded, ...generatedTraces()];
const resultFile = join(
  import.meta.dirname,
  'results',
  isHeldOut ? 'cache-hit-ratio-held-out.json' : 'cache-hit-ratio.json',
);
const kept = words.includes('--again') ? JSON.parse(readFileSync(resultFile, 'utf8')).rows : [];
const rows = [];
const percent = (hits, trace) => (100 * hits) / trace.length;
const print = (name, size, cells) =>
  process.stdout.write(
    `${name.padEnd(38)}${String(size).padStart(8)}${cells.map((cell) => String(cell).padStart(10)).join('')}\n`,
  );
print('trace', 'entries', [...Object.keys(policies), 'optimum']);
for (const { name, isReal, isGenerated, sizes, read } of traces) {
  if (wanted !== undefined && !name.includes(wanted)) continue;
  let trace = read();
  if (words.includes('--quick') && trace.length > 500_000) trace = trace.subarray(0, 500_000);
  const keyCount = sizes === undefined ? new Set(trace).size : 0;
  for (const size of sizes ?? [0.01, 0.05, 0.2].map((ratio) => Math.max(10, Math.round(keyCount * ratio)))) {
    const known = kept.find((row) => row.trace === name && row.entries === size)?.hitPercent ?? {};
    const hitPercent = { ...known };
    for (const [policy, make] of Object.entries(policies)) {
      if (policy !== 'Plimsoll' && hitPercent[policy] !== undefined) continue;
      const cache = make(size);
      let hits = 0;
      for (let at = 0; at < trace.length; at++) if (cache.access(trace[at])) hits++;
      hitPercent[policy] = percent(hits, trace);
    }
    hitPercent.optimum ??= percent(optimalHits(trace, size), trace);
    rows.push({ trace: name, isReal, isGenerated: isGenerated === true, entries: size, hitPercent });
    print(
      name,
      size,
      Object.values(hitPercent).map((value) => value.toFixed(2)),
    );
  }
}

/** Mean over traces of the mean over sizes. */
function mean(policy, kept) {
  const byTrace = groupByTrace(rows.filter(kept));
  const means = [...byTrace.values()].map(
    (cells) => cells.reduce((sum, cell) => sum + cell.hitPercent[policy], 0) / cells.length,
  );
  return means.reduce((sum, value) => sum + value, 0) / means.length;
}

function groupByTrace(cells) {
  const groups = new Map();
  for (const cell of cells) groups.set(cell.trace, [...(groups.get(cell.trace) ?? []), cell]);
  return groups;
}

const summary = {};
for (const [label, isKept] of [
  ['mean, real traces', (row) => row.isReal],
  ['mean, recorded traces', (row) => !row.isGenerated],
  ['mean, generated traces', (row) => row.isGenerated],
]) {
  if (!rows.some(isKept)) continue;
  summary[label] = Object.fromEntries(
    [...Object.keys(policies), 'optimum'].map((policy) => [policy, mean(policy, isKept)]),
  );
  print(
    label,
    '',
    Object.values(summary[label]).map((value) => value.toFixed(2)),
  );
}
const worst = rows
  .map(({ trace, entries, hitPercent }) => ({ trace, entries, points: hitPercent.Plimsoll - hitPercent.LRU }))
  .sort((a, b) => a.points - b.points)[0];
if (worst !== undefined) {
  process.stdout.write(
    `worst against LRU: ${worst.points.toFixed(2)} points, ${worst.trace} at ${worst.entries}\n`,
  );
}
for (const [trace, entries, policy, expected] of words.includes('--quick') ? [] : published) {
  const row = rows.find((cell) => cell.trace === trace && cell.entries === entries);
  if (row === undefined) continue;
  const isRight = Math.abs(row.hitPercent[policy] - expected) < 0.06;
  process.stdout.write(
    `${isRight ? 'as published' : 'NOT AS PUBLISHED'}: ${policy} on ${trace} at ${entries}: ${row.hitPercent[policy].toFixed(2)} (${expected})\n`,
  );
  if (!isRight) process.exitCode = 1;
}
if (words.includes('--json')) {
  mkdirSync(join(import.meta.dirname, 'results'), { recursive: true });
  writeFileSync(resultFile, `${JSON.stringify({ node: process.version, summary, worst, rows }, null, 1)}\n`);
}
