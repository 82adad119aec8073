// How many healthy services are taken for leaks, and how early is a real leak seen?
// pnpm bench detection [--runs 50] [--leaks 200] [--seed 1] [--json]
// The real trend, level, danger and snapshot-decision code under a simulated clock, over services that are formulas of time: 4 healthy kinds × `--runs` (warm-up, sawtooth,
// diurnal, cache-fill) and linear leaks that fill their container in half a minute to two days. A false capture is an incident or a heap snapshot in a healthy life.
// A leak is seen in time when its incident opens below 70 % of the limit that it will die of. Each leak lives twice: the second life knows of the death of the first
// and looks sooner. Same seed, same lives.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { liveThrough } from './detection/life.mjs';
import { healthy, leakingService } from './detection/services.mjs';
import { seededRandom } from './measure/seeded-random.mjs';
import { loadDeciders } from './detection/sources.mjs';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '50' },
    leaks: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    verbose: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const deciders = await loadDeciders();
const MIB = 2 ** 20;
const percent = (part, whole) => `${((100 * part) / Math.max(1, whole)).toFixed(1)} %`;
const round = (value) => Math.round(value * 1000) / 1000;
let seed = Number(values.seed) * 1_000_003;

/** One life, and what of it goes to the results. */
function live(make, lifeSeed = (seed += 7919), vigilance = deciders.usualVigilance) {
  const random = seededRandom(lifeSeed);
  const service = make(random);
  const { incident, snapshots, probeCount } = liveThrough(service, random, deciders, vigilance);
  const { name, limitBytes, fillSeconds, isOffHeap } = service;
  return {
    name,
    limitMib: limitBytes / MIB,
    ...(fillSeconds === undefined ? {} : { fillSeconds: Math.round(fillSeconds), isOffHeap }),
    ...(incident && {
      ...incident,
      seconds: Math.round(incident.seconds),
      usedRatio: round(incident.usedRatio),
    }),
    snapshotCount: snapshots.length,
    snapshotRatios: snapshots.map(({ usedRatio }) => round(usedRatio)),
    probeCount,
  };
}

const healthyRows = [];
for (const [name, make] of Object.entries(healthy)) {
  const rows = Array.from({ length: Number(values.runs) }, () => live(make));
  healthyRows.push(...rows);
  const wrong = rows.filter(({ trigger, snapshotCount }) => trigger !== undefined || snapshotCount > 0);
  const probes = rows.reduce((sum, row) => sum + row.probeCount, 0) / rows.length;
  process.stdout.write(
    `${name.padEnd(10)} ${rows.length} lives, captured ${wrong.length}, collections asked for per life ${probes.toFixed(1)}\n`,
  );
  for (const row of wrong) process.stdout.write(`  ${JSON.stringify(row)}\n`);
}
const falseCount = healthyRows.filter(
  ({ trigger, snapshotCount }) => trigger !== undefined || snapshotCount > 0,
).length;

const leakSeeds = Array.from({ length: Number(values.leaks) }, () => (seed += 7919));
const leaks = leakSeeds.map((lifeSeed) => live(leakingService, lifeSeed));
const secondLives = leakSeeds.map((lifeSeed) => live(leakingService, lifeSeed, deciders.waryVigilance));
const early = leaks.filter(({ usedRatio }) => usedRatio < 0.7);
if (values.verbose)
  for (const row of leaks.filter((leak) => !early.includes(leak)))
    process.stdout.write(`  ${JSON.stringify(row)}\n`);

process.stdout.write(
  `false captures: ${falseCount} of ${healthyRows.length} healthy lives (${percent(falseCount, healthyRows.length)})\n`,
);
for (const [title, lives] of Object.entries({ 'first lives': leaks, 'lives after a death': secondLives })) {
  const ratios = lives.map(({ usedRatio }) => usedRatio ?? 1).sort((a, b) => a - b);
  const at = (share) => ratios[Math.min(ratios.length - 1, Math.floor(share * ratios.length))]?.toFixed(2);
  const seen = ratios.filter((ratio) => ratio < 0.7).length;
  const withSnapshots = (count) => lives.filter(({ snapshotCount }) => snapshotCount >= count).length;
  process.stdout.write(
    `leaks, ${title}: seen below 70 % of their limit ${seen} of ${lives.length} (${percent(seen, lives.length)}), at a median of ${at(0.5)}, 95 % of them below ${at(0.95)}; with one, two, three snapshots ${[1, 2, 3].map(withSnapshots).join(', ')}\n`,
  );
}
if (values.json) {
  const folder = join(import.meta.dirname, 'results');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'detection.json'), `${JSON.stringify(summaryOf(), null, 1)}\n`);
}
process.exitCode = falseCount * 200 <= healthyRows.length && early.length >= 0.95 * leaks.length ? 0 : 1;

function summaryOf() {
  const isCaptured = ({ trigger, snapshotCount }) => trigger !== undefined || snapshotCount > 0;
  const kinds = Object.keys(healthy).map((name) => {
    const rows = healthyRows.filter((row) => row.name === name);
    const probeCount = rows.reduce((sum, row) => sum + row.probeCount, 0);
    return {
      kind: name,
      lives: rows.length,
      captured: rows.filter(isCaptured).length,
      collectionsAskedPerLife: round(probeCount / rows.length),
    };
  });
  const lived = ({ fillSeconds, isOffHeap, limitMib, usedRatio = 1, snapshotCount }) => ({
    fillSeconds,
    isOffHeap,
    limitMib,
    usedRatio,
    snapshotCount,
  });
  return {
    node: process.versions.node,
    seed: Number(values.seed),
    kinds,
    falseCount,
    falseCaptures: healthyRows.filter(isCaptured),
    earlyCount: early.length,
    leaks: leaks.map(lived),
    secondLives: secondLives.map(lived),
  };
}
