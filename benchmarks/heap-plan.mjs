// How close is the heap the plan gives to the largest heap that still ends by V8 or by the guard, instead of by the kernel or in a livelock?
//
// pnpm bench heap-plan [--limits 128,256] [--nodes 20,24] [--workloads map,json,http,workers] [--fresh] [--json] [--calibrate]
// For every limit × Node.js × workload: old space is raised from the plan until a run in a real memory cgroup ends by the kernel or not at all, then the border is
// bisected to 2 %. Guard and autopsy are in place in every run, and every run has its own copy of node whose pages are in nobody's memory. The four workloads are
// not those that the plan's constants were fitted on. One JSON line per cell in results/heap-plan.jsonl; cells found there are not run again, so that the whole
// matrix can be run in pieces. `--calibrate` prints what an idle process, a worker and the program's pages take on this machine: a row of the platform table.
import { spawn } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { planHeap } from '@plimsoll/heap';
import { nodeFor } from '../scripts/nodes.mjs';
import { cgroupRefusal, MemoryCgroup } from './cgroup/memory-cgroup.mjs';
import { privateProgram } from './cgroup/private-program.mjs';

const here = import.meta.dirname;
const MIB = 2 ** 20;
const service = join(here, 'heap-plan', 'workload.cjs');
const preload = join(here, '..', 'packages', 'plimsoll', 'dist', 'preload.cjs');
const resultsFile = join(here, 'results', 'heap-plan.jsonl');
const TIMEOUT_MS = 240_000;
const RAISE_RATIO = 1.08;
const BORDER_RATIO = 1.02;
const MAX_RATIO = 2;

/** What each workload needs beside the heap, as its owner would state it. */
const needs = { map: {}, json: {}, http: { externalBytes: 50 * MIB }, workers: { workerCount: 2 } };

/** One run with an old space of `oldMib`; resolves to how it ended. */
async function runOnce({ limitMib, nodePath, workload, oldMib, semiMib }) {
  const program = privateProgram(nodePath);
  const group = new MemoryCgroup(limitMib * MIB);
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-heap-plan-'));
  const startedMs = performance.now();
  try {
    const words = [
      `--max-old-space-size=${oldMib}`,
      `--max-semi-space-size=${semiMib}`,
      `--require=${preload}`,
    ];
    const ended = await group.run(program.path, [...words, service, workload], {
      env: { PATH: process.env.PATH, HOME: process.env.HOME, PLIMSOLL_INCIDENT_DIR: folder },
      timeoutMs: TIMEOUT_MS,
    });
    const seconds = Math.round((performance.now() - startedMs) / 100) / 10;
    return { oldMib, outcome: outcomeOf(ended, group), seconds, limitHitCount: group.failCount };
  } finally {
    group.remove();
    program.remove();
    rmSync(folder, { recursive: true, force: true });
  }
}

function outcomeOf({ code, signal, timedOut, livelocked, stderr }, group) {
  if (group.oomKillCount > 0) return 'kernel';
  if (livelocked) return 'livelock';
  if (timedOut) return 'unfinished';
  if (stderr.includes('JavaScript heap out of memory')) return 'v8';
  return code === 134 || signal === 'SIGABRT' ? 'guard' : `other (${code ?? signal})`;
}

function isOurs(run) {
  return run.outcome === 'v8' || run.outcome === 'guard';
}

/** The plan and the largest heap of one cell. */
export async function measureCell({ limitMib, major, workload }) {
  const nodePath = nodeFor(major);
  const plan = planHeap({ limitBytes: limitMib * MIB, nodeMajor: Number(major), ...needs[workload] });
  const plannedMib = plan.oldSpaceBytes / MIB;
  const semiMib = plan.semiSpaceBytes / MIB;
  const runs = [];
  const attempt = async (oldMib) => {
    const run = await runOnce({ limitMib, nodePath, workload, oldMib, semiMib });
    runs.push(run);
    process.stdout.write(
      `  ${limitMib} MiB, node ${major}, ${workload}: old space ${oldMib} MiB ends by ${run.outcome} in ${run.seconds} s\n`,
    );
    return isOurs(run);
  };
  if (!(await attempt(plannedMib))) return { plannedMib, largestMib: null, runs };
  let goodMib = plannedMib;
  let badMib = Math.ceil(plannedMib * RAISE_RATIO);
  while (badMib <= plannedMib * MAX_RATIO && (await attempt(badMib))) {
    goodMib = badMib;
    badMib = Math.ceil(badMib * RAISE_RATIO);
  }
  while (badMib > goodMib * BORDER_RATIO && badMib - goodMib > 2) {
    const middleMib = Math.floor((goodMib + badMib) / 2);
    if (await attempt(middleMib)) goodMib = middleMib;
    else badMib = middleMib;
  }
  return { plannedMib, largestMib: goodMib, runs };
}

/** Anonymous and program pages of an idle process, and what an idle worker adds, in MiB. */
async function calibrate(major) {
  const script =
    'const { Worker } = require("node:worker_threads"); const { readFileSync } = require("node:fs");' +
    'const read = (name) => Number(new RegExp(name + ":\\\\s+(\\\\d+)").exec(readFileSync("/proc/self/status", "utf8"))[1]) / 1024;' +
    'setTimeout(() => { const idle = { anonymous: read("RssAnon"), program: read("RssFile") };' +
    'const workers = Array.from({ length: 4 }, () => new Worker("setInterval(() => {}, 1e6)", { eval: true }));' +
    'setTimeout(() => { console.log(JSON.stringify({ ...idle, worker: (read("RssAnon") - idle.anonymous) / 4 })); process.exit(); }, 1500); }, 500);';
  const child = spawn(nodeFor(major), ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part) => (text += part));
  await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
  const idle = JSON.parse(text);
  const numbers = ['anonymous', 'program', 'worker'].map((name) => `${name} ${idle[name].toFixed(1)} MiB`);
  process.stdout.write(`node ${major} on ${process.platform} ${process.arch}: ${numbers.join(', ')}\n`);
}

function tableLine({ limitMib, node, workload, plannedMib, largestMib, runs }) {
  const verdict =
    largestMib === null
      ? `THE PLAN ITSELF ENDS BY ${runs[0].outcome}`
      : `largest ${largestMib} MiB, plan ÷ largest ${(plannedMib / largestMib).toFixed(3)}`;
  return `${`${limitMib} MiB`.padStart(9)}  node ${node}  ${workload.padEnd(8)} plan ${plannedMib} MiB, ${verdict}, ${runs.length} runs`;
}

async function main(words) {
  const listOf = (name, fallback) =>
    words.includes(name) ? (words[words.indexOf(name) + 1] ?? '').split(',') : fallback;
  const majors = listOf('--nodes', ['20', '22', '24', '26']);
  if (words.includes('--calibrate')) {
    for (const major of majors) await calibrate(major);
    return;
  }
  const why = cgroupRefusal();
  if (why !== undefined) {
    process.stdout.write(`SKIPPED: ${why}\n`);
    return;
  }
  mkdirSync(dirname(resultsFile), { recursive: true });
  if (words.includes('--fresh')) rmSync(resultsFile, { force: true });
  const rows = existsSync(resultsFile)
    ? readFileSync(resultsFile, 'utf8')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line))
    : [];
  for (const limitMib of listOf('--limits', ['128', '256', '512', '1024', '2048', '4096']).map(Number)) {
    for (const major of majors) {
      for (const workload of listOf('--workloads', Object.keys(needs))) {
        if (rows.some((row) => row.limitMib === limitMib && row.node === major && row.workload === workload))
          continue;
        let row = { limitMib, node: major, workload };
        try {
          row = { ...row, ...(await measureCell({ limitMib, major, workload })) };
        } catch (error) {
          if (error.code !== 'ERR_PLIMSOLL_PLAN') throw error;
          process.stdout.write(`${limitMib} MiB, node ${major}, ${workload}: ${error.message}\n`);
          continue;
        }
        rows.push(row);
        appendFileSync(resultsFile, `${JSON.stringify(row)}\n`);
        process.stdout.write(`${tableLine(row)}\n`);
      }
    }
  }
  process.stdout.write(`\n${rows.map(tableLine).join('\n')}\n`);
  if (words.includes('--json'))
    writeFileSync(join(here, 'results', 'heap-plan.json'), `${JSON.stringify(rows, null, 2)}\n`);
}

if (process.argv[1] === import.meta.filename) await main(process.argv.slice(2));
