// What does `plimsoll run`, as published, add to the start of a service, in CPU and in time, against plain node?
//
// pnpm bench run-startup [--rounds 11] [--only 24] [--json]
// A program that prints its heap limit and ends. Whole processes alternate; "node again" is the A/A control: what it shows is noise. CPU is user and system time of
// everything that was started, as the shell counts it, in steps of 10 ms. Ratios are paired by round; median and range. Every start must print the heap limit that it should have.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { bundleAll } from '../scripts/bundle.mjs';
import { planHeap } from '../packages/heap/dist/index.js';
import { nodeFor } from '../scripts/nodes.mjs';

const here = import.meta.dirname;
const program = 'console.log(v8.getHeapStatistics().heap_size_limit / 2 ** 20)';

const contendersOf = (command, flags) => ({
  node: { words: ['node', ...flags] },
  'node again': { words: ['node', ...flags] },
  'plimsoll run, off': { words: [command, 'run', '--', 'node', ...flags], env: { PLIMSOLL: 'off' } },
  'plimsoll run': {
    words: [command, 'run', '--limit', '256MiB', '--', 'node'],
    env: { PLIMSOLL_LOG: 'off' },
  },
});

function startOnce({ words, env = {} }, nodePath) {
  const startedMs = performance.now();
  const { stdout, stderr, status } = spawnSync(
    'sh',
    ['-c', '"$@"; times >&2', 'sh', ...words, '-e', program],
    {
      encoding: 'utf8',
      env: { PATH: `${dirname(nodePath)}:${process.env.PATH}`, HOME: process.env.HOME, ...env },
    },
  );
  const wallMs = performance.now() - startedMs;
  if (status !== 0 || !(Number(stdout) > 100))
    throw new Error(`${words.join(' ')} printed ${stdout} ${stderr}`);
  const spent = stderr.trim().split('\n').at(-1) ?? '';
  const cpuMs = [...spent.matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, m, s]) => sum + Number(m) * 60e3 + Number(s) * 1e3,
    0,
  );
  return { wallMs, cpuMs, heapLimit: stdout };
}

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}

async function main(words) {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-run-startup-'));
  try {
    const { plimsoll } = await bundleAll(folder);
    const major = valueOf(words, '--only', process.versions.node.split('.')[0]);
    const { flags } = planHeap({ limitBytes: 256 * 2 ** 20, nodeMajor: Number(major) });
    measure(words, nodeFor(major), contendersOf(join(plimsoll, 'bin', 'plimsoll'), flags));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function valueOf(words, name, fallback) {
  return words.includes(name) ? (words[words.indexOf(name) + 1] ?? '') : fallback;
}

function measure(words, nodePath, contenders) {
  const names = Object.keys(contenders);
  const runs = names.map(() => []);
  for (let round = 0; round < Number(valueOf(words, '--rounds', '11')); round += 1) {
    for (const turn of names.keys()) {
      const index = (turn + round) % names.length;
      runs[index].push(startOnce(contenders[names[index]], nodePath));
    }
  }
  const limits = new Set(runs.flat().map(({ heapLimit }) => heapLimit));
  if (limits.size !== 1) throw new Error(`heap limits differ: ${[...limits].join(' ')}`);
  const rows = names.map((name, index) => {
    const ratiosOf = (key) =>
      runs[index].map((run, round) => run[key] / runs[0][round][key]).toSorted((a, b) => a - b);
    const [cpuRatios, wallRatios] = [ratiosOf('cpuMs'), ratiosOf('wallMs')];
    return {
      name,
      cpuMs: median(runs[index].map(({ cpuMs }) => cpuMs)),
      wallMs: median(runs[index].map(({ wallMs }) => wallMs)),
      cpuRatio: median(cpuRatios),
      cpuSpread: [cpuRatios[0], cpuRatios.at(-1)],
      wallRatio: median(wallRatios),
      wallSpread: [wallRatios[0], wallRatios.at(-1)],
    };
  });
  for (const row of rows) {
    const cpu = `CPU ${Math.round(row.cpuMs)} ms, × ${row.cpuRatio.toFixed(2)} (${row.cpuSpread.map((ratio) => ratio.toFixed(2)).join(' to ')})`;
    const wall = `time ${Math.round(row.wallMs)} ms, × ${row.wallRatio.toFixed(2)} (${row.wallSpread.map((ratio) => ratio.toFixed(2)).join(' to ')})`;
    process.stdout.write(`${row.name.padEnd(18)}  ${cpu}  ${wall}\n`);
  }
  if (!words.includes('--json')) return;
  mkdirSync(join(here, 'results'), { recursive: true });
  writeFileSync(join(here, 'results', 'run-startup.json'), `${JSON.stringify(rows, null, 2)}\n`);
}

if (process.argv[1] === import.meta.filename) await main(process.argv.slice(2));
