// How close is the heap the plan gives to the largest heap that still ends by V8 or by the guard, instead of by the kernel or in a livelock?
//
// pnpm bench heap-plan [--limits 128,256] [--nodes 20,24] [--workloads map,json,http,workers,everything] [--quick] [--fresh] [--json] [--calibrate]
// For every limit × Node.js × workload: a run with the plan's old space in a real memory cgroup, then with 5 % more, or less where it ended by the kernel or not at all, until one run ends well and
// the next does not; the border is bisected to 5 %. Guard and autopsy are in place in every run, and every run has its own copy of node whose pages are in nobody's memory. The plan's constants were
// fitted on the first four workloads; `everything` has its Buffers, its workers and its heap at their maximum at once, and `heap-plan-deaths` has others. One JSON line per cell in results/heap-plan.jsonl; cells found there are not run again, so that the whole
// matrix can be run in pieces. `--quick` runs the plan alone and looks for no border: does it end well? `--calibrate` prints what an idle process, a worker and the program's pages take on this machine: a row of the platform table (with --json
// in results/heap-calibration.json).
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
import { detectPlatform, planHeap } from '@plimsoll/heap';
import { nodeFor } from '../scripts/nodes.mjs';
import { cgroupRefusal, MemoryCgroup } from './cgroup/memory-cgroup.mjs';
import { privateProgram } from './cgroup/private-program.mjs';

const here = import.meta.dirname;
const MIB = 2 ** 20;
const service = join(here, 'heap-plan', 'workload.cjs');
const preload = join(here, '..', 'packages', 'plimsoll', 'dist', 'preload.cjs');
const resultsFile = join(here, 'results', 'heap-plan.jsonl');
/** A heap of 4 GiB is filled in about a minute on a quiet machine; the machine is not always quiet. A livelock is told by failed charges, long before. */
const TIMEOUT_MS = 600_000;
/** The first step from the plan: a plan that ends well beside one of 5 % more that does not is within 5 % of the largest. */
const FIRST_RATIO = 1.05;
const BORDER_RATIO = 1.05;
const MAX_RATIO = 2;
/** What a MiB of old space takes of the container, roughly: only where the search looks next follows from it. */
const OVERHEAD_RATIO = 1.05;
const LEAST_MIB = 12;

/** What each workload needs beside the heap, as its owner would state it: for the Buffers what `plimsoll plan --observe` says of it. */
const needs = {
  map: {},
  json: {},
  http: { externalBytes: 60 * MIB },
  workers: { workerCount: 2 },
  everything: { externalBytes: 48 * MIB, workerCount: 2 },
};

/** One run with an old space of `oldMib`; resolves to how it ended. */
async function runOnce({ limitMib, nodePath, workload, oldMib, semiMib }) {
  const program = privateProgram(nodePath);
  const group = new MemoryCgroup(limitMib * MIB);
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-heap-plan-'));
  const startedMs = performance.now();
  let anonymousPeakMib = 0;
  let watch;
  try {
    const words = [
      `--max-old-space-size=${oldMib}`,
      `--max-semi-space-size=${semiMib}`,
      `--require=${preload}`,
    ];
    const ended = await group.run(program.path, [...words, service, workload], {
      env: { PATH: process.env.PATH, HOME: process.env.HOME, PLIMSOLL_INCIDENT_DIR: folder },
      timeoutMs: TIMEOUT_MS,
      onSpawn: (child) => {
        watch = setInterval(() => {
          anonymousPeakMib = Math.max(anonymousPeakMib, anonymousMibOf(child.pid));
        }, 25);
      },
    });
    const seconds = Math.round((performance.now() - startedMs) / 100) / 10;
    const outcome = outcomeOf(ended, group);
    const autopsy = autopsyOf(ended.stderr);
    const peakMib = Math.round(group.peakBytes / MIB);
    return { oldMib, outcome, seconds, limitHitCount: group.failCount, anonymousPeakMib, peakMib, autopsy };
  } finally {
    clearInterval(watch);
    group.remove();
    program.remove();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Anonymous memory of a process as the kernel counts it now; 0 when it has ended. */
function anonymousMibOf(pid) {
  try {
    const kib = /^RssAnon:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0;
    return Math.round(Number(kib) / 1024);
  } catch {
    return 0;
  }
}

function outcomeOf({ code, signal, timedOut, livelocked, stderr }, group) {
  if (group.oomKillCount > 0) return 'kernel';
  if (livelocked) return 'livelock';
  if (timedOut) return 'unfinished';
  const isAbort = code === 134 || signal === 'SIGABRT';
  if (isAbort && stderr.includes('"plimsoll":"death"')) return 'guard';
  return isAbort && stderr.includes('JavaScript heap out of memory') ? 'v8' : `other (${code ?? signal})`;
}

/** What the guard said of its own last words: whether they name what filled the heap, and what they took. Null where it had none. */
function autopsyOf(stderr) {
  const line = stderr.split('\n').find((text) => text.startsWith('{"plimsoll":"death"'));
  if (line === undefined) return null;
  const { message, folder, tookMs, cpuMs, addedResidentBytes } = JSON.parse(line);
  const named = /exit code \d+\. (.*? (?:holds|is) [^;]*)/.exec(message)?.[1] ?? message.slice(-300);
  return { named, isFiled: folder !== null, tookMs, cpuMs, addedMib: Math.round(addedResidentBytes / MIB) };
}

function isOurs(run) {
  return run.outcome === 'v8' || run.outcome === 'guard';
}

/** The plan and the largest heap of one cell. */
export async function measureCell({ limitMib, major, workload, isQuick = false }) {
  const nodePath = nodeFor(major);
  const plan = planHeap({ limitBytes: limitMib * MIB, nodeMajor: Number(major), ...needs[workload] });
  const plannedMib = plan.oldSpaceBytes / MIB;
  const semiMib = plan.semiSpaceBytes / MIB;
  const runs = [];
  const attempt = async (oldMib) => {
    const run = await runOnce({ limitMib, nodePath, workload, oldMib, semiMib });
    runs.push(run);
    process.stdout.write(
      `  ${limitMib} MiB, node ${major}, ${workload}: old space ${oldMib} MiB ends by ${run.outcome} in ${run.seconds} s, ${run.anonymousPeakMib} MiB anonymous, ${run.peakMib} in all, limit hit ${run.limitHitCount}×, autopsy ${JSON.stringify(run.autopsy)}\n`,
    );
    return run;
  };
  if (isQuick) {
    await attempt(plannedMib);
    return { plannedMib, largestMib: null, isQuick, runs };
  }
  let goodMib = null;
  let badMib = null;
  let triedMib = plannedMib;
  for (let ratio = FIRST_RATIO; goodMib === null || badMib === null; ratio *= 1.06) {
    const run = await attempt(triedMib);
    if (isOurs(run)) goodMib = triedMib;
    else badMib = triedMib;
    if (triedMib < LEAST_MIB || triedMib > plannedMib * MAX_RATIO) break;
    // A run that never met the limit says by itself how much more there is.
    const roomMib = run.limitHitCount === 0 ? (limitMib - run.peakMib) / OVERHEAD_RATIO : 0;
    triedMib =
      badMib === null
        ? Math.ceil(Math.max(triedMib * ratio, triedMib + roomMib))
        : Math.floor(triedMib / ratio);
  }
  while (goodMib !== null && badMib !== null && badMib > goodMib * BORDER_RATIO && badMib - goodMib > 2) {
    const middleMib = Math.floor((goodMib + badMib) / 2);
    if (isOurs(await attempt(middleMib))) goodMib = middleMib;
    else badMib = middleMib;
  }
  return { plannedMib, largestMib: goodMib, runs };
}

/** Resident memory of an idle guarded process, of what an idle worker adds, and what the largest heap in 128 MiB leaves for the program's pages: a row of the platform table, in MiB. */
async function calibrate(major) {
  const script =
    'const { Worker } = require("node:worker_threads"); const { readFileSync } = require("node:fs");' +
    'const read = (name) => Number(new RegExp(name + ":\\\\s+(\\\\d+)").exec(readFileSync("/proc/self/status", "utf8"))[1]) / 1024;' +
    'setTimeout(() => { const idle = { anonymous: read("RssAnon"), mapped: read("RssFile") };' +
    'const workers = Array.from({ length: 4 }, () => new Worker("setInterval(() => {}, 1e6)", { eval: true }));' +
    'setTimeout(() => { console.log(JSON.stringify({ ...idle, worker: (read("RssAnon") - idle.anonymous) / 4 })); process.exit(); }, 1500); }, 500);';
  const idle = JSON.parse(await outputOf(nodeFor(major), ['-e', script]));
  const cell = { limitMib: 128, major, workload: 'map' };
  const { plannedMib, largestMib } = await measureCell(cell);
  const { reserves } = planHeap({ limitBytes: 128 * MIB, nodeMajor: Number(major) });
  const bytesOf = (name) => reserves.find((reserve) => reserve.name === name).bytes / MIB;
  const overheadRatio = bytesOf('heap-overhead') / plannedMib;
  const program = bytesOf('program') + (plannedMib - (largestMib ?? Number.NaN)) * (1 + overheadRatio);
  const numbers = { ...idle, program };
  const words = Object.entries(numbers).map(([name, mebibytes]) => `${name} ${mebibytes.toFixed(1)} MiB`);
  process.stdout.write(`node ${major} on ${detectPlatform()}: ${words.join(', ')}\n`);
  return { node: major, platform: detectPlatform(), ...numbers };
}

async function outputOf(file, words) {
  const child = spawn(file, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part) => (text += part));
  await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
  return text;
}

function tableLine({ limitMib, node, workload, plannedMib, largestMib, isQuick, runs }) {
  const cell = `${`${limitMib} MiB`.padStart(9)}  node ${node}  ${workload.padEnd(10)}`;
  if (isQuick) return `${cell} plan ${plannedMib} MiB ends by ${runs[0].outcome}`;
  const ratio = largestMib === null ? 'none ended well' : (plannedMib / largestMib).toFixed(3);
  return `${cell} plan ${plannedMib} MiB, largest ${largestMib} MiB, plan ÷ largest ${ratio}, ${runs.length} runs`;
}

async function main(words) {
  const listOf = (name, fallback) =>
    words.includes(name) ? (words[words.indexOf(name) + 1] ?? '').split(',') : fallback;
  const majors = listOf('--nodes', ['20', '22', '24', '26']);
  const isQuick = words.includes('--quick');
  const why = cgroupRefusal();
  if (why !== undefined) {
    process.stdout.write(`SKIPPED: ${why}\n`);
    return;
  }
  if (words.includes('--calibrate')) {
    const rows = [];
    for (const major of majors) rows.push(await calibrate(major));
    if (words.includes('--json'))
      writeFileSync(join(here, 'results', 'heap-calibration.json'), `${JSON.stringify(rows, null, 2)}\n`);
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
        const isHere = (row) => row.limitMib === limitMib && row.node === major && row.workload === workload;
        if (rows.some((row) => isHere(row) && (isQuick || !row.isQuick))) continue;
        let row = { limitMib, node: major, workload };
        try {
          row = { ...row, ...(await measureCell({ limitMib, major, workload, isQuick })) };
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
