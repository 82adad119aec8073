// How much CPU and memory does reading a heap snapshot take, against Chrome DevTools' own model and memlab?
// node benchmarks/run.mjs snapshot [file …] [--rounds 3] [--only ours,suspects,devtools,memlab] [--json]
// Without a file, one of about 12 MB is written by a service that leaks. Contenders run one after another in processes of
// their own, interleaved over the rounds; ours runs twice a round, and the ratio of the two is the A/A control.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';

const here = import.meta.dirname;
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '3' }, only: { type: 'string' }, json: { type: 'boolean' } },
});
const contenders = {
  ours: ['ours.mjs'],
  control: ['ours.mjs'],
  suspects: ['ours.mjs', 'suspects'],
  devtools: ['devtools.mjs'],
  memlab: ['memlab.mjs'],
};
const only = values.only?.split(',') ?? Object.keys(contenders);
if (only.includes('memlab') && process.env.PLIMSOLL_MEMLAB === undefined) {
  process.stderr.write(
    'memlab left out: npm install memlab@2.0.5 in some folder and set PLIMSOLL_MEMLAB to it\n',
  );
  only.splice(only.indexOf('memlab'), 1);
}

const folder = mkdtempSync(join(tmpdir(), 'bench-snapshot-'));
const files = positionals.length > 0 ? positionals : [writeSmall()];
const results = files.map(measure);
if (values.json) {
  mkdirSync(join(here, 'results'), { recursive: true });
  const summary = { node: process.version, results };
  writeFileSync(join(here, 'results', 'snapshot.json'), `${JSON.stringify(summary, null, 2)}\n`);
}
rmSync(folder, { recursive: true });

function writeSmall() {
  const path = join(folder, 'small.heapsnapshot');
  const program = join(here, '../packages/snapshot/test/scenarios/five-containers.cjs');
  execFileSync(process.execPath, [program, '2000', path], { stdio: ['ignore', 'ignore', 'inherit'] });
  return path;
}

function measure(file) {
  const fileBytes = statSync(file).size;
  const runs = Object.fromEntries(only.map((name) => [name, []]));
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const name of only) runs[name].push(run(name, file));
  }
  const rows = only.map((name) => summarize(name, runs[name], runs.ours ?? runs[only[0]], fileBytes));
  process.stdout.write(`\n${basename(file)}, ${(fileBytes / 1e6).toFixed(0)} MB\n`);
  console.table(Object.fromEntries(rows.map(({ name, ...row }) => [name, row])));
  return { file: basename(file), fileBytes, rows };
}

function run(name, file) {
  const [script, ...rest] = contenders[name];
  const args = ['--max-old-space-size=16000', join(here, 'snapshot', script), file, ...rest];
  const { stdout, status, stderr } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (status !== 0)
    return {
      error:
        stderr
          .trim()
          .split('\n')
          .find((line) => /Error/.test(line)) ?? `exit ${status}`,
    };
  return JSON.parse(stdout.trim().split('\n').at(-1));
}

function summarize(name, runs, ours, fileBytes) {
  const good = runs.filter((one) => one.error === undefined);
  if (good.length === 0) return { name, failed: runs[0].error };
  const cpu = good.map((one) => one.cpuS);
  const resident = median(good.map((one) => one.residentMb));
  const own = ours.filter((one) => one.error === undefined);
  const ratios = good.map((one, at) => one.cpuS / (own[at] ?? own[0]).cpuS);
  const isEqual =
    good[0].checksum === own[0]?.checksum
      ? 'every node'
      : good[0].rootRetainedBytes === own[0]?.rootRetainedBytes
        ? 'root'
        : 'no';
  return {
    name,
    'CPU s': round(median(cpu), 2),
    'CPU ratio': round(median(ratios), 2),
    'ratio from': round(Math.min(...ratios), 2),
    'ratio to': round(Math.max(...ratios), 2),
    'resident MB': Math.round(resident),
    'resident ratio': round(resident / median(own.map((one) => one.residentMb)), 2),
    'B per file byte': round((resident * 1e6) / fileBytes, 2),
    'same sizes': isEqual,
  };
}

function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

function round(value, digits) {
  return Number(value.toFixed(digits));
}
