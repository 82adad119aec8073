// How fast are NDJSON and JSON arrays read, and what memory do the bounds really hold, beside peers?
// pnpm bench streams [ndjson|array|endless|tee|flat] [--mb 300] [--rounds 3] [--gb 10] [--json]. Every measurement is a process of its own, alternated by rounds; process CPU
// time, compilation and collections included, the lowest of the rounds, and the peak of its resident memory (VmHWM); importing is told apart. --json keeps the tables of this Node and these parts beside the others' in results/streams.json. Results are checked: a contender with another count or sum is shown as wrong.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleAll } from '../scripts/bundle.mjs';
import { input } from './streams/inputs.mjs';

// What users install, not the source tree: a module a file costs 6 MB more.
const folder = mkdtempSync(join(tmpdir(), 'plimsoll-bench-published-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
const published = await bundleAll(folder);
process.env.PLIMSOLL_BENCH_STREAMS = join(published['@plimsoll/streams'], 'dist', 'index.js');
const { array, ndjson } = await import('./streams/contenders.mjs');
const { endless, flat, tee } = await import('./streams/bounds.mjs');

const words = process.argv.slice(2);
const option = (name, otherwise) => {
  const at = words.indexOf(`--${name}`);
  return at < 0 ? otherwise : Number(words[at + 1]);
};
const megabytes = option('mb', 300);
const rounds = option('rounds', 3);
const gigabytes = option('gb', 10);
const MIB = 1024 * 1024;

function cell(part, name, path, bytes, timeoutMs) {
  const script = join(import.meta.dirname, 'streams', 'cell.mjs');
  const child = spawnSync(process.execPath, [script, part, name, path, String(bytes)], {
    encoding: 'utf8',
    timeout: timeoutMs,
  });
  if (child.status === 0) return JSON.parse(child.stdout);
  return { failed: child.error?.code ?? child.signal ?? child.stderr.trim().split('\n').at(-1) };
}

/** The lowest of the rounds: another tenant of the machine can only add to CPU time. The spread is shown beside it. */
const lowest = (figures) => Math.min(...figures);

/** All contenders of a part, alternated; per contender the runs of all rounds. */
function measure(part, contenders, path, bytes, count = rounds, timeoutMs = 180_000) {
  const runs = new Map(Object.keys(contenders).map((name) => [name, []]));
  for (let round = 0; round < count; round += 1) {
    const names = [...runs.keys()];
    for (let index = 0; index < names.length; index += 1) {
      const name = names[(index * 5 + round) % names.length];
      const run = runs.get(name);
      if (run.length <= round) run.push(cell(part, name, path, bytes, timeoutMs));
    }
    for (const name of names) {
      const run = runs.get(name);
      if (run.length <= round) run.push(cell(part, name, path, bytes, timeoutMs));
    }
  }
  return runs;
}

function row(name, runs, reference, isWrong) {
  const failed = runs.find((run) => run.failed !== undefined);
  if (failed !== undefined) return { contender: name, outcome: `FAILED: ${failed.failed}` };
  const seconds = runs.map((run) => run.cpuSeconds);
  const figures = {
    contender: name,
    cpuSeconds: Number(lowest(seconds).toFixed(2)),
    spread: `${Math.min(...seconds).toFixed(2)}–${Math.max(...seconds).toFixed(2)}`,
    peakMb: Math.round(lowest(runs.map((run) => run.peakBytes)) / 1e6),
    importMs: Math.round(lowest(runs.map((run) => run.importSeconds)) * 1000),
    importMb: Math.round(lowest(runs.map((run) => run.importBytes)) / 1e6),
  };
  if (reference !== undefined) figures[reference.name] = Number(reference.of(lowest(seconds)).toFixed(2));
  if (runs[0].outcome !== undefined) figures.outcome = runs[0].outcome;
  if (isWrong?.(runs)) figures.outcome = 'WRONG RESULT';
  return figures;
}

function readParts(part, contenders, base) {
  return [250, 2000].map((size) => {
    const { path, bytes } = input(part, size, megabytes);
    const runs = measure(part, contenders, path, bytes);
    const baseSeconds = lowest(runs.get(base).map((run) => run.cpuSeconds ?? Number.NaN));
    const counted = runs.get('plimsoll, FileHandle, forEach')[0];
    const wrong = (each) =>
      each.some((run) => run.count > 0 && (run.count !== counted.count || run.sum !== counted.sum));
    const reference =
      part === 'ndjson'
        ? { name: 'ofLimit', of: (seconds) => baseSeconds / seconds }
        : { name: `speedOf ${base}`, of: (seconds) => baseSeconds / seconds };
    const rows = [...runs].map(([name, each]) => row(name, each, reference, wrong));
    return { title: `${part}: ${megabytes} MB of records of ${size} B, ${counted.count} of them`, rows };
  });
}

function endlessPart() {
  // Peers are quadratic: 16 MB shows it, 200 MB would take minutes.
  const sizes = [16, 32, 200];
  return sizes.map((size) => {
    const chosen = Object.fromEntries(
      Object.entries(endless).filter(([name]) => size < 200 || name.startsWith('plimsoll')),
    );
    const runs = measure('endless', chosen, '-', size * 1e6, 1, 60_000);
    return {
      title: `a line of ${size} MB without a newline`,
      rows: [...runs].map(([name, each]) => row(name, each)),
    };
  });
}

function teePart() {
  const runs = measure('tee', tee, '-', megabytes * 1e6, rounds);
  const control = Math.max(...runs.get('no tee: one reader (control)').map((run) => run.peakBytes));
  const rows = [...runs].map(([name, each]) => ({
    ...row(name, each),
    aboveControlMiB: Math.round((Math.max(...each.map((run) => run.peakBytes)) - control) / MIB),
  }));
  return [{ title: `one of two branches is never read, ${megabytes} MB`, rows }];
}

/** Least squares of peak memory over length: bytes more resident per gigabyte read. */
function slope(points) {
  const mean = (list) => list.reduce((sum, value) => sum + value, 0) / list.length;
  const x = mean(points.map(([gb]) => gb));
  const y = mean(points.map(([, peak]) => peak));
  const over = points.reduce((sum, [gb, peak]) => sum + (gb - x) * (peak - y), 0);
  return over / points.reduce((sum, [gb]) => sum + (gb - x) ** 2, 0);
}

function flatPart() {
  const lengths = [0.1, 0.3, 1, 3, 10].filter((gb) => gb <= gigabytes);
  const rows = Object.keys(flat).map((name) => {
    const runs = lengths.map((gb) => cell('flat', name, '-', gb * 1e9, 600_000));
    const peaks = runs.map((run) => run.peakBytes);
    return {
      helper: name,
      ...Object.fromEntries(lengths.map((gb, index) => [`${gb} GB`, `${Math.round(peaks[index] / 1e6)} MB`])),
      slopeMbPerGb: Number((slope(lengths.map((gb, index) => [gb, peaks[index]])) / 1e6).toFixed(2)),
      cpuSecondsPerGb: Number((runs.at(-1).cpuSeconds / lengths.at(-1)).toFixed(1)),
    };
  });
  return [
    { title: `peak memory by length of the input, ${lengths[0]} to ${lengths.at(-1)} GB generated`, rows },
  ];
}

const measured = {
  ndjson: () => readParts('ndjson', ndjson, 'JSON.parse only (limit)'),
  array: () => readParts('array', array, 'stream-json'),
  endless: endlessPart,
  tee: teePart,
  flat: flatPart,
};
const chosen = Object.keys(measured).filter((part) => words.includes(part));
const major = process.versions.node.split('.')[0];
const parts = {};
for (const part of chosen.length > 0 ? chosen : Object.keys(measured)) {
  parts[part] = measured[part]().map(({ title, rows }) => ({ title: `Node ${major}: ${title}`, rows }));
  for (const { title, rows } of parts[part]) {
    console.log(`\n${title}`);
    console.table(rows);
  }
}
if (words.includes('--json')) {
  const file = join(import.meta.dirname, 'results', 'streams.json');
  const kept = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  for (const [part, tables] of Object.entries(parts)) {
    kept[part] = { ...kept[part], [major]: Object.fromEntries(tables.map((table, index) => [index, table])) };
  }
  mkdirSync(join(import.meta.dirname, 'results'), { recursive: true });
  writeFileSync(file, `${JSON.stringify(kept, null, 2)}\n`);
  console.log(`wrote ${file}`);
}
