// How does a service that leaks JavaScript objects die in a container: by V8's own limit (134), by the kernel (137), or not at all while nothing works?
//
// pnpm bench heap-plan-deaths [--only 256,24,plan,records] [--nodes 20,24] [--fresh] [--json]
// Cells: limit (MiB) × Node.js × sizing × what is leaked (records in an array, sessions in a Map). `run`: under `plimsoll run`,
// with the guard, and what it left on disk. `plan`: the flags `plimsoll flags` prints inside the group, no guard. `default`: no flags. `75%`: old space of three quarters of the limit. Every cell has its own copy of node whose pages are in
// nobody's memory, as the first container of an image on a node. One JSON line per cell in results/heap-plan-deaths.jsonl; cells found there are not run again.
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { readIncident, verifyIncident } from '@plimsoll/watchdog';
import { nodeFor } from '../scripts/nodes.mjs';
import { cgroupRefusal, MemoryCgroup } from './cgroup/memory-cgroup.mjs';
import { privateProgram } from './cgroup/private-program.mjs';

const here = import.meta.dirname;
const MIB = 2 ** 20;
const service = join(here, 'heap-plan-deaths', 'allocating-service.cjs');
const command = join(here, '..', 'packages', 'plimsoll', 'bin', 'plimsoll');
const sizings = ['run', 'plan', 'default', '75%'];
const leaks = ['records', 'sessions'];
const TIMEOUT_MS = 600_000;
/** What a busy node keeps of its own program in memory; see packages/heap/src/plan/platform.ts. */
const PROGRAM_BYTES = 48 * MIB;

/** Runs one cell to the service's end. */
export async function measureDeath({ limitMib, nodePath, sizing, leak }) {
  const program = privateProgram(nodePath);
  const planned = new MemoryCgroup(limitMib * MIB);
  try {
    if (sizing === 'run') return await runGuarded(planned, limitMib * MIB, program.path, leak);
    const flags = await flagsOf(sizing, limitMib, planned, nodePath);
    return await runToDeath(planned, limitMib * MIB, [program.path, ...flags, service, leak], flags);
  } finally {
    planned.remove();
    program.remove();
  }
}

async function flagsOf(sizing, limitMib, group, nodePath) {
  if (sizing === 'default') return [];
  if (sizing === '75%') return [`--max-old-space-size=${Math.floor(limitMib * 0.75)}`];
  // By another copy of the program, whose pages are charged elsewhere.
  const env = { ...cleanEnvironment(), PATH: `${dirname(nodePath)}:${process.env.PATH}` };
  const { stdout, stderr, code } = await group.run(command, ['flags', '--heap-only'], {
    env,
    timeoutMs: TIMEOUT_MS,
  });
  if (code !== 0) throw new Error(`plimsoll flags ended with ${code}: ${stderr}`);
  return stdout.trim().split(' ').filter(Boolean);
}

function cleanEnvironment() {
  return { PATH: process.env.PATH, HOME: process.env.HOME };
}

/** As a user would start it: the death, and what is on disk after it. */
async function runGuarded(group, limitBytes, nodePath, leak) {
  const incidentDir = mkdtempSync(join(tmpdir(), 'plimsoll-death-'));
  try {
    const words = [command, 'run', '--', nodePath, service, leak];
    const env = { ...cleanEnvironment(), PLIMSOLL_INCIDENT_DIR: incidentDir };
    const death = await runToDeath(group, limitBytes, words, ['(plimsoll run)'], env);
    const folders = readdirSync(incidentDir).filter((name) => /^\d{8}T/.test(name));
    const incidents = await Promise.all(folders.map((name) => incidentOf(join(incidentDir, name))));
    return { ...death, incidents };
  } finally {
    rmSync(incidentDir, { recursive: true, force: true });
  }
}

/** Whether an incident is whole, and the container its autopsy names. */
async function incidentOf(folder) {
  const { faults } = await verifyIncident(folder);
  const { autopsy, ending } = readIncident(folder);
  return {
    isWhole: faults.length === 0,
    names: autopsy?.findings[0]?.name ?? null,
    exitCode: ending?.exitCode ?? null,
  };
}

function unguarded() {
  return { ...cleanEnvironment(), PLIMSOLL: 'off' };
}

async function runToDeath(group, limitBytes, [file, ...words], flags, env = unguarded()) {
  const startedMs = performance.now();
  let anonymousPeakBytes = 0;
  let watch;
  const ended = await group.run(file, words, {
    env,
    timeoutMs: TIMEOUT_MS,
    onSpawn: (child) => {
      watch = setInterval(() => {
        anonymousPeakBytes = Math.max(anonymousPeakBytes, anonymousBytesOf(child.pid));
      }, 5);
    },
  });
  clearInterval(watch);
  return {
    outcome: outcomeOf(ended, group),
    code: ended.code,
    signal: ended.signal,
    flags: flags.join(' '),
    seconds: Math.round((performance.now() - startedMs) / 100) / 10,
    anonymousPeakMib: inMib(anonymousPeakBytes),
    freeMib: inMib(limitBytes - anonymousPeakBytes - PROGRAM_BYTES),
    limitHitCount: group.failCount,
    oomKillCount: group.oomKillCount,
  };
}

/** Anonymous memory of a process as the kernel counts it now (the group's own statistics lag by up to two seconds); 0 when it has ended. */
function anonymousBytesOf(pid) {
  try {
    return Number(/^RssAnon:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

/** A service that is turned away a million times is in a livelock: the kernel evicts and re-reads its program instead of killing it. */
function outcomeOf({ code, signal, timedOut, livelocked, stderr }, group) {
  if (group.oomKillCount > 0) return 'kernel';
  if (livelocked) return 'livelock';
  if (timedOut) return 'unfinished';
  // The guard's last words say the same, and it ends the process as V8 would.
  const isV8 = stderr.includes('JavaScript heap out of memory');
  return isV8 && (signal === 'SIGABRT' || code === 134) ? 'v8' : `other (${code ?? signal})`;
}

function inMib(bytes) {
  return Math.round((bytes / MIB) * 10) / 10;
}

async function main(words) {
  const why = cgroupRefusal();
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
    ...(row.incidents ?? []).map(
      ({ isWhole, names }) => `incident ${isWhole ? 'whole' : 'BROKEN'}, names ${names}`,
    ),
  ].join('  ');
}

if (process.argv[1] === import.meta.filename) await main(process.argv.slice(2));
