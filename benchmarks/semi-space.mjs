// What does the semi-space of the plan gain a service in a container of 512 MiB against Node's default, in CPU per request, and what does it cost in memory?
//
// pnpm bench semi-space [--nodes 20,24] [--bodies 2,8] [--rounds 5] [--json]
// Whole processes alternate in real cgroups of 512 MiB, with the old space of the plan in all of them, so that the young generation is all that differs: the default
// that V8 takes from the container, the default again (A/A: what it shows is noise), 16 MiB (the plan), 32 MiB. Ratios of CPU time are paired by round; median
// and range. The answers of all must have the same length. 64 requests of 2 kB in flight fit the 1 MiB
// that V8 takes, 64 of 8 kB do not: what does not fit is promoted, and paid for again by major collections.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { planHeap, predictV8Heap } from '@plimsoll/heap';
import { nodeFor } from '../scripts/nodes.mjs';
import { cgroupRefusal, MemoryCgroup } from './cgroup/memory-cgroup.mjs';

const here = import.meta.dirname;
const MIB = 2 ** 20;
const LIMIT_BYTES = 512 * MIB;
const program = join(here, 'semi-space', 'requests.cjs');

async function runOnce(nodePath, words, bodyKb) {
  const group = new MemoryCgroup(LIMIT_BYTES);
  try {
    const { code, stdout, stderr } = await group.run(nodePath, [...words, program, bodyKb], {
      env: { PATH: process.env.PATH },
      timeoutMs: 120_000,
    });
    if (code !== 0) throw new Error(`node ${words.join(' ')} ended with ${code}: ${stderr}`);
    return JSON.parse(stdout);
  } finally {
    group.remove();
  }
}

async function measure(major, bodyKb, rounds) {
  const nodePath = nodeFor(major);
  const nodeMajor = Number(major);
  const plan = planHeap({ limitBytes: LIMIT_BYTES, nodeMajor });
  const { semiSpaceBytes: defaultBytes } = predictV8Heap({ limitBytes: LIMIT_BYTES, nodeMajor });
  const semiMib = [defaultBytes, defaultBytes, plan.semiSpaceBytes, 32 * MIB].map((bytes) => bytes / MIB);
  const names = ['default', 'default again', 'plan', 'twice the plan'];
  const [oldFlag] = plan.flags;
  const runs = names.map(() => []);
  for (let round = 0; round < rounds; round += 1) {
    for (const turn of names.keys()) {
      const index = (turn + round) % names.length;
      const words = [oldFlag, `--max-semi-space-size=${semiMib[index]}`];
      runs[index].push(await runOnce(nodePath, words, bodyKb));
    }
  }
  const sums = new Set(runs.flat().map(({ sum }) => sum));
  if (sums.size !== 1) throw new Error(`the answers differ: ${[...sums].join(', ')}`);
  return names.map((name, index) => {
    const ratios = runs[index]
      .map(({ cpuMs }, round) => cpuMs / runs[0][round].cpuMs)
      .toSorted((a, b) => a - b);
    return {
      node: major,
      bodyKb: Number(bodyKb),
      name,
      semiMib: semiMib[index],
      cpuRatio: median(ratios),
      spread: [ratios[0], ratios.at(-1)],
      cpuMs: median(runs[index].map(({ cpuMs }) => cpuMs)),
      peakMib: median(runs[index].map(({ peakMib }) => peakMib)),
      minor: median(runs[index].map(({ minor }) => minor)),
      major: median(runs[index].map((run) => run.major)),
    };
  });
}

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}

async function main(words) {
  const why = cgroupRefusal();
  if (why !== undefined) {
    process.stdout.write(`SKIPPED: ${why}\n`);
    return;
  }
  const valueOf = (name, fallback) =>
    words.includes(name) ? (words[words.indexOf(name) + 1] ?? '') : fallback;
  const rows = [];
  const rounds = Number(valueOf('--rounds', '5'));
  const cells = valueOf('--nodes', '20,24')
    .split(',')
    .flatMap((major) =>
      valueOf('--bodies', '2,8')
        .split(',')
        .map((bodyKb) => [major, bodyKb]),
    );
  for (const [major, bodyKb] of cells) {
    for (const row of await measure(major, bodyKb, rounds)) {
      rows.push(row);
      const [least, most] = row.spread.map((ratio) => ratio.toFixed(2));
      process.stdout.write(
        `node ${row.node}  ${row.bodyKb} kB  ${row.name.padEnd(14)}  ${String(row.semiMib).padStart(2)} MiB  CPU × ${row.cpuRatio.toFixed(2)} (${least} to ${most}, ${Math.round(row.cpuMs)} ms)  ` +
          `peak ${Math.round(row.peakMib)} MiB  ${row.minor} minor, ${row.major} major collections\n`,
      );
    }
  }
  if (!words.includes('--json')) return;
  mkdirSync(join(here, 'results'), { recursive: true });
  writeFileSync(join(here, 'results', 'semi-space.json'), `${JSON.stringify(rows, null, 2)}\n`);
}

if (process.argv[1] === import.meta.filename) await main(process.argv.slice(2));
