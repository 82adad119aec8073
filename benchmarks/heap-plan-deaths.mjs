// How does a service that leaks JavaScript objects die in a container: by V8's own limit (134), by the kernel (137), or not at all while nothing works?
//
// pnpm bench heap-plan-deaths [--only 256,24,plan,records] [--nodes 20,24] [--fresh] [--json]
// Cells: limit (MiB) × Node.js × sizing × what is leaked (records in an array, sessions in a Map). `plan`: the flags `plimsoll flags` prints inside the group. `plan-20`: those flags in a group that is 20 MiB smaller, as
// if the evidence had been written. `default`: no flags. `75%`: old space of three quarters of the limit. Every cell has its own copy of node whose pages are in
// nobody's memory, as the first container of an image on a node. One JSON line per cell in results/heap-plan-deaths.jsonl; cells found there are not run again.
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { nodeFor } from '../scripts/nodes.mjs';
import { MemoryCgroup, privateProgram, whyNoCgroup } from './harness/memory-cgroup.mjs';

const here = import.meta.dirname;
const MIB = 2 ** 20;
const service = join(here, 'services', 'allocating-service.cjs');
const command = join(here, '..', 'packages', 'plimsoll', 'bin', 'plimsoll');
const sizings = ['plan', 'plan-20', 'default', '75%'];
const leaks = ['records', 'sessions'];
const TIMEOUT_MS = 100_000;
/** What a busy node keeps of its own program in memory; see packages/heap/src/plan/reserves.ts. */
const PROGRAM_BYTES = 36 * MIB;

/** Runs one cell to the service's end. */
export async function measureDeath({ limitMib, nodePath, sizing, leak }) {
  const program = privateProgram(nodePath);
  const planned = new MemoryCgroup(limitMib * MIB);
  const smaller = sizing === 'plan-20' ? new MemoryCgroup((limitMib - 20) * MIB) : undefined;
  try {
    const flags = flagsOf(sizing, limitMib, planned, nodePath);
    return await runToDeath(smaller ?? planned, [program.path, ...flags, service, leak], flags);
  } finally {
    planned.remove();
    smaller?.remove();
    program.remove();
  }
}

function flagsOf(sizing, limitMib, group, nodePath) {
  if (sizing === 'default') return [];
  if (sizing === '75%') return [`--max-old-space-size=${Math.floor(limitMib * 0.75)}`];
  // By another copy of the program, whose pages are charged elsewhere.
  const env = { ...cleanEnvironment(), PATH: `${dirname(nodePath)}:${process.env.PATH}` };
  return group.output([command, 'flags', '--heap-only'], { env }).trim().split(' ').filter(Boolean);
}

function cleanEnvironment() {
  return { PATH: process.env.PATH, HOME: process.env.HOME, PLIMSOLL: undefined };
}

function runToDeath(group, words, flags) {
  return new Promise((resolve, reject) => {
    const startedMs = performance.now();
    const env = { ...cleanEnvironment(), PLIMSOLL: 'off' };
    const child = group.spawn(words, { env, stdio: ['ignore', 'ignore', 'pipe'] });
    let text = '';
    child.stderr.on('data', (chunk) => (text += chunk));
    let anonymousPeakBytes = 0;
    const watch = setInterval(() => {
      anonymousPeakBytes = Math.max(anonymousPeakBytes, anonymousBytesOf(child.pid));
    }, 5);
    const timeout = setTimeout(() => child.kill('SIGKILL'), TIMEOUT_MS);
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      clearInterval(watch);
      clearTimeout(timeout);
      const elapsedMs = performance.now() - startedMs;
      const counters = group.counters();
      const outcome = outcomeOf({ code, signal, text, elapsedMs, counters });
      resolve({
        outcome,
        code,
        signal,
        flags: flags.join(' '),
        seconds: Math.round(elapsedMs / 100) / 10,
        anonymousPeakMib: inMib(anonymousPeakBytes),
        freeMib: inMib(group.limitBytes - anonymousPeakBytes - PROGRAM_BYTES),
        limitHitCount: counters.limitHitCount,
        oomKillCount: counters.oomKillCount,
      });
    });
  });
}

/** Anonymous memory of a process as the kernel counts it now (the group's own statistics lag by up to two seconds); 0 when it has ended. */
function anonymousBytesOf(pid) {
  try {
    return Number(/^RssAnon:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

function outcomeOf({ code, signal, text, elapsedMs, counters }) {
  if (counters.oomKillCount > 0) return 'kernel';
  if (signal === 'SIGKILL' && elapsedMs >= TIMEOUT_MS - 1000) return 'livelock';
  const isV8 = /JavaScript heap out of memory/.test(text);
  return isV8 && (signal === 'SIGABRT' || code === 134) ? 'v8' : `other (${code ?? signal})`;
}

function inMib(bytes) {
  return Math.round((bytes / MIB) * 10) / 10;
}

async function main(words) {
  const why = whyNoCgroup();
  if (why !== undefined) {
    process.stdout.write(`SKIPPED: ${why}\n`);
    return;
  }
  const majors = words.includes('--nodes')
    ? (words[words.indexOf('--nodes') + 1] ?? '').split(',')
    : ['20', '24'];
  const only = words.includes('--only') ? (words[words.indexOf('--only') + 1] ?? '').split(',') : [];
  const file = join(here, 'results', 'heap-plan-deaths.jsonl');
  mkdirSync(dirname(file), { recursive: true });
  if (words.includes('--fresh')) rmSync(file, { force: true });
  const rows = existsSync(file)
    ? readFileSync(file, 'utf8')
        .trim()
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line))
    : [];
  for (const limitMib of [128, 256, 512, 1024]) {
    for (const major of majors) {
      for (const [sizing, leak] of sizings.flatMap((each) => leaks.map((kind) => [each, kind]))) {
        const cell = `${limitMib},${major},${sizing},${leak}`;
        if (rows.some((row) => row.cell === cell)) continue;
        if (!only.every((part) => cell.split(',').includes(part))) continue;
        const row = {
          cell,
          limitMib,
          node: major,
          sizing,
          ...(await measureDeath({ limitMib, nodePath: nodeFor(major), sizing, leak })),
        };
        rows.push(row);
        appendFileSync(file, `${JSON.stringify(row)}\n`);
        process.stdout.write(`${tableLine(row)}\n`);
      }
    }
  }
  process.stdout.write(`\n${['cell'.padEnd(30), 'outcome'].join('')}\n${rows.map(tableLine).join('\n')}\n`);
  if (words.includes('--json'))
    writeFileSync(join(here, 'results', 'heap-plan-deaths.json'), `${JSON.stringify(rows, null, 2)}\n`);
}

function tableLine(row) {
  return [
    row.cell.padEnd(28),
    row.outcome.padEnd(10),
    `${row.seconds} s`.padStart(8),
    `peak ${row.anonymousPeakMib} MiB, ${row.freeMib} free beside the program`,
    `limit hit ${row.limitHitCount}×`,
    row.flags,
  ].join('  ');
}

if (process.argv[1] === import.meta.filename) await main(process.argv.slice(2));
