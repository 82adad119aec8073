import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { identifyProcess, type ProcessIdentity } from '../../src/run/process-identity.ts';
import { findDeadRuns, RunFolder, type RunStatus } from '../../src/run/run-folder.ts';
import { sampleOf } from '../sample.ts';
import { temporaryFolder } from '../temporary-folder.ts';

function statusOf(identity: ProcessIdentity): RunStatus {
  return {
    schemaVersion: 1,
    identity,
    atMs: Date.now(),
    level: 'normal',
    sample: sampleOf(),
    trend: {},
    incident: null,
    offReasons: [],
  };
}

function runOf(dir: string, members: Partial<ProcessIdentity>): RunFolder {
  const identity = { ...identifyProcess(), ...members };
  const run = new RunFolder(dir, identity);
  run.writeStatus(statusOf(identity));
  run.timeline.close();
  return run;
}

function deadPid(): number {
  return spawnSync('true').pid;
}

test('a run shows status.json and a timeline, 0600 in 0700, and leaves nothing at its clean end', () => {
  const dir = temporaryFolder();
  const identity = identifyProcess();
  const run = new RunFolder(dir, identity);
  run.writeStatus(statusOf(identity));
  expect(readdirSync(run.path).sort()).toEqual(['status.json', 'timeline.ring']);
  expect([run.path, join(run.path, 'status.json')].map((path) => statSync(path).mode & 0o777)).toEqual([
    0o700, 0o600,
  ]);
  run.end();
  expect(readdirSync(dir)).toEqual([]);
});

test('a run whose process is gone is found dead, one whose process lives is not', () => {
  const dir = temporaryFolder();
  const dead = runOf(dir, { pid: deadPid() });
  runOf(dir, {});
  expect(findDeadRuns(dir, identifyProcess()).dead.map(({ path }) => path)).toEqual([dead.path]);
});

test('a pid used again by another process does not keep a dead run alive', () => {
  const dir = temporaryFolder();
  const dead = runOf(dir, { startTicks: 1 });
  expect(findDeadRuns(dir, identifyProcess()).dead.map(({ path }) => path)).toEqual([dead.path]);
});

const hasProc = process.platform === 'linux';
test.skipIf(!hasProc)(
  hasProc
    ? 'a killed process that its parent has not asked for yet is dead: a supervisor starts the next one at once'
    : 'a killed process that its parent has not asked for yet [SKIPPED: needs /proc]',
  async () => {
    const dir = temporaryFolder();
    // The shell becomes a sleep that never asks for the child it had.
    const parent = spawn('sh', ['-c', 'sleep 30 & echo $!; exec sleep 30'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    onTestFinished(() => void parent.kill('SIGKILL'));
    const pid = Number(((await once(parent.stdout, 'data')) as [Buffer])[0].toString());
    const ticks = () => /\) (\w) (?:\S+ ){18}(\d+) /.exec(readFileSync(`/proc/${pid}/stat`, 'latin1'));
    const run = runOf(dir, { pid, startTicks: Number(ticks()?.[2]) });
    expect(findDeadRuns(dir, identifyProcess()).dead).toEqual([]);
    process.kill(pid, 'SIGKILL');
    while (ticks()?.[1] !== 'Z') await new Promise((resolve) => setTimeout(resolve, 10));
    expect(findDeadRuns(dir, identifyProcess()).dead.map(({ path }) => path)).toEqual([run.path]);
  },
);

test('pid 1 of another container is dead only after 15 s without a tick', () => {
  const dir = temporaryFolder();
  const other = runOf(dir, { pid: 1, pidNamespace: 'pid:[1]' });
  expect(findDeadRuns(dir, identifyProcess()).dead).toEqual([]);
  const thenMs = Date.now() - 16_000;
  utimesSync(other.timeline.path, thenMs / 1000, thenMs / 1000);
  expect(findDeadRuns(dir, identifyProcess()).dead.map(({ path }) => path)).toEqual([other.path]);
});

test('runs of another host are left alone', () => {
  const dir = temporaryFolder();
  runOf(dir, { hostName: 'other', pid: deadPid() });
  expect(findDeadRuns(dir, identifyProcess()).dead).toEqual([]);
});

test('a folder that another process has made a moment ago and not filled yet is left to it', () => {
  const dir = temporaryFolder();
  const self = identifyProcess();
  const path = join(dir, `${self.hostName}-1-0badcafe`);
  mkdirSync(path);
  expect(findDeadRuns(dir, self)).toEqual({ dead: [], undecidedCount: 0 });
  expect(existsSync(path)).toBe(true);
});
