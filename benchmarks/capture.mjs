// Does every death under a real kernel limit leave a valid incident that names what leaks, and does no capture ever kill?
// pnpm bench capture [--only timers,256,24] [--peers] [--repeat 5] [--for 280] [--rate 10] [--out file.jsonl] [--keep folder] [--fresh] [--shared-binary] [--json]
// Sixteen ways to die × 256, 512 and 1024 MiB × Node 20, 22, 24, 26, one after the other, each in a cgroup of its own under `plimsoll run`. One JSON line a cell,
// appended as it ends; cells that are in the file already, or in results/capture.json, are not run again unless time was what ended them (`--fresh` runs all), and
// `--for` ends the command after so many seconds: the whole matrix can be run in pieces. `--json` adds what was run to results/capture.json. `--only` takes names,
// limits, majors and contenders. `--peers` adds the tools people use instead. `--keep` leaves the evidence of each cell in a folder of its own. Growth is so many
// bytes a second whatever the machine does, and nothing is judged by time. Needs root and the v1 memory controller.
// Outcomes: SIGABRT = V8's own limit, by V8 or by the guard (134); SIGKILL = the kernel (137); livelock = neither: the kernel evicts the program's own text.
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { runCell } from './capture/cell.mjs';
import { contenderNames } from './capture/contenders.mjs';
import { scenarios } from './capture/scenarios.mjs';
import { printSummary, rowText } from './capture/summary.mjs';
import { cgroupRefusal } from './cgroup/memory-cgroup.mjs';
import { nodeFor } from '../scripts/nodes.mjs';

const limitsMib = [256, 512, 1024];
const majors = [20, 22, 24, 26];

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    peers: { type: 'boolean', default: false },
    repeat: { type: 'string', default: '1' },
    for: { type: 'string', default: 'Infinity' },
    rate: { type: 'string' },
    keep: { type: 'string' },
    out: {
      type: 'string',
      default: join(import.meta.dirname, '..', 'node_modules', '.cache', 'capture.jsonl'),
    },
    fresh: { type: 'boolean', default: false },
    'shared-binary': { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const refusal = cgroupRefusal();
if (refusal !== undefined) {
  process.stderr.write(`SKIPPED, 0 cells: ${refusal}\n`);
  process.exit(1);
}

const beganMs = performance.now();
const wanted = values.only.split(',').filter((word) => word !== '');
const words = [...Object.keys(scenarios), ...contenderNames, ...[...limitsMib, ...majors].map(String)];
const unknown = wanted.filter((word) => !words.includes(word));
if (unknown.length > 0) {
  process.stderr.write(
    `no such scenario, contender, limit or major: ${unknown.join(', ')}; there are ${words.join(' ')}\n`,
  );
  process.exit(2);
}
/** Of each kind of word, one must fit; a kind nobody named fits. */
const isWanted = (cell) =>
  [Object.keys(scenarios), contenderNames, limitsMib.map(String), majors.map(String)].every((kind) => {
    const ofKind = wanted.filter((word) => kind.includes(word));
    return ofKind.length === 0 || ofKind.some((word) => Object.values(cell).map(String).includes(word));
  });

mkdirSync(dirname(values.out), { recursive: true });
if (values.fresh) writeFileSync(values.out, '');
const resultsPath = join(import.meta.dirname, 'results', 'capture.json');
const saved = readSaved(resultsPath);
// A machine with other work to do has not let it grow: that says nothing.
const written = readLines(values.out);
const told = [...(values.fresh ? [] : saved), ...written].filter(({ outcome }) => outcome !== 'timeout');
const ledger = new Map(told.map((row) => [keyOf(row), row]));

const cells = [];
for (let repeat = 1; repeat <= Number(values.repeat); repeat += 1)
  for (const limitMib of limitsMib)
    for (const scenario of Object.keys(scenarios).filter((name) => scenarios[name].leaks !== false))
      for (const major of majors)
        for (const contender of contenderNames) {
          if (contender !== 'plimsoll' && !values.peers && !wanted.includes(contender)) continue;
          if (!isWanted({ scenario, contender, limitMib, major })) continue;
          cells.push({
            scenario,
            contender,
            limitMib,
            major,
            rate: values.rate && Number(values.rate),
            repeat,
          });
        }

const rows = [];
for (const cell of cells) {
  const known = ledger.get(keyOf(cell));
  if (known === undefined && performance.now() - beganMs > Number(values.for) * 1000) continue;
  const row = known ?? { ...cell, ...(await measure(cell)) };
  if (known === undefined) appendFileSync(values.out, `${JSON.stringify(row)}\n`);
  if (known === undefined || values.json) process.stdout.write(`${rowText(row)}\n`);
  rows.push(row);
}
printSummary(rows, cells.length);
if (values.json) {
  mkdirSync(dirname(resultsPath), { recursive: true });
  const all = new Map([...saved, ...written, ...rows].map((row) => [keyOf(row), row]));
  const kept = [...all.values()].map(({ stderr: _stderr, others: _others, ...row }) => row);
  writeFileSync(resultsPath, `${JSON.stringify({ node: process.versions.node, cells: kept }, null, 1)}\n`);
}
const isClean = rows.every(
  ({ answer, killedInCapture, faults }) => answer !== 'wrong' && !killedInCapture && !faults?.length,
);
if (rows.length === 0 || !isClean) process.exitCode = 1;

async function measure({ scenario, contender, limitMib, major, rate, repeat }) {
  const fillSeconds = rate === undefined ? scenarios[scenario].fillSeconds : limitMib / rate;
  const { stderr, ...row } = await runCell({
    scenario,
    contender,
    limitBytes: limitMib * 2 ** 20,
    nodePath: nodeFor(major),
    ratePerSecond: rate,
    isPrivate: !values['shared-binary'],
    ...(values.keep && {
      keepIn: join(values.keep, [scenario, contender, limitMib, major, repeat].join('-')),
    }),
    timeoutMs: 60_000 + fillSeconds * 12_000,
  });
  return row.named || contender !== 'plimsoll' ? row : { ...row, stderr: stderr?.slice(-3000) };
}

function keyOf({ scenario, contender, limitMib, major, rate, repeat }) {
  return [scenario, contender, limitMib, major, rate ?? 'own', repeat].join();
}

function readSaved(path) {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).cells : [];
}

function readLines(path) {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line));
}
