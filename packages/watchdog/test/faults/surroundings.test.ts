import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readDeaths, readTimeline, type CaptureOutcome, verifyIncident } from '../../src/index.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const programs = join(import.meta.dirname, 'programs');
const onceMore = join(import.meta.dirname, '..', 'deaths', 'programs', 'once-more.mjs');
const hourMs = 3_600_000;

test('a clock that is set back by 2 h and forward by 5 h: evidence is filed each time, the last record is the last one written, and the next start judges by it', async () => {
  const incidentDir = temporaryFolder();
  const child = spawn(process.execPath, [join(programs, 'clock-jumps.mjs'), incidentDir], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { PATH: process.env['PATH'], PLIMSOLL_LIMIT: '4GiB' },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [text] = (await once(child.stdout, 'data')) as [Buffer];
  const told = JSON.parse(text.toString()) as { outcomes: CaptureOutcome[]; active: boolean };
  expect(told.active).toBe(true);
  const folders = told.outcomes.map(({ folder }) => folder);
  expect(new Set(folders).size).toBe(1);
  child.kill('SIGKILL');
  await once(child, 'close');
  const records = readTimeline(join(folders[0] ?? '', 'timeline.ring'));
  const last = records.at(-1);
  expect(Math.abs((last?.atMs ?? 0) - (Date.now() - 2 * hourMs))).toBeLessThan(hourMs);
  expect(spawnSync(process.execPath, [onceMore, incidentDir]).status).toBe(0);
  expect(readDeaths(join(incidentDir, 'run'))).toMatchObject([{ isMemory: false, atMs: last?.atMs }]);
  expect((await verifyIncident(folders[0] ?? '')).faults).toEqual([]);
});

const hide = 'mount -t tmpfs none /sys/fs/cgroup && exec "$@"';
const canHide = spawnSync('unshare', ['--mount', 'sh', '-c', hide, 'sh', 'true']).status === 0;
test.skipIf(!canHide)(
  canHide
    ? 'with every cgroup file gone the guard takes the machine for its limit, says so, and files evidence all the same'
    : 'with every cgroup file gone [SKIPPED: no mount namespace can be made here]',
  async () => {
    const incidentDir = temporaryFolder();
    const program = join(import.meta.dirname, '..', 'guard', 'programs', 'capture-twice.mjs');
    const { status, stdout, stderr } = spawnSync(
      'unshare',
      ['--mount', 'sh', '-c', hide, 'sh', process.execPath, program, incidentDir],
      { encoding: 'utf8' },
    );
    expect(status).toBe(0);
    const { first, second, active } = JSON.parse(stdout) as {
      first: CaptureOutcome;
      second: CaptureOutcome;
      active: boolean;
    };
    expect([active, first.refusals, second.refusals]).toEqual([true, [], []]);
    expect(stderr).toContain('(host: MemTotal)');
    expect((await verifyIncident(first.folder ?? '')).faults).toEqual([]);
  },
);

interface Unprivileged {
  readonly uid: number;
  readonly answer: string;
  readonly active: boolean;
  readonly folder: string | null;
  readonly refusals: readonly string[];
  readonly offReasons: readonly string[];
}

/** Runs the service as nobody, by way of `words` before it; what it saw and its lines. */
function runUnprivileged(incidentDir: string, words: readonly string[] = []) {
  const [command, ...rest] = [...words, process.execPath, join(programs, 'unprivileged.mjs'), incidentDir];
  const { status, stdout, stderr } = spawnSync(command, rest, { encoding: 'utf8', timeout: 60_000 });
  const lines = stderr.split('\n').filter((line) => line.startsWith('{"plimsoll"'));
  return {
    status,
    told: JSON.parse(stdout) as Unprivileged,
    lines: lines.map((line) => JSON.parse(line) as { plimsoll: string; message: string }),
  };
}

const isRoot = process.getuid?.() === 0;
const asNobody = isRoot ? '' : ' [SKIPPED: only root can become another user]';

test.skipIf(!isRoot)(
  `as nobody, with an incident folder of mode 000 that is root’s, the service serves and one line says EACCES${asNobody}`,
  () => {
    const incidentDir = temporaryFolder();
    chmodSync(incidentDir, 0o000);
    const { status, told, lines } = runUnprivileged(incidentDir);
    expect([status, told.uid, told.answer, told.active]).toEqual([0, 65_534, 'served', true]);
    expect([told.folder, told.refusals, told.offReasons]).toEqual([null, told.offReasons, told.refusals]);
    expect(told.offReasons.join()).toMatch(/^Incidents are off: EACCES: permission denied/);
    expect(lines.map(({ plimsoll }) => plimsoll)).toEqual(['degraded']);
    expect(lines[0]?.message).toContain('Incidents are off: EACCES: permission denied');
    expect(readdirSync(incidentDir)).toEqual([]);
  },
);

const lock = 'mount -t tmpfs -o mode=000 none /sys/fs/cgroup && exec "$@"';
const canLock = isRoot && spawnSync('unshare', ['--mount', 'sh', '-c', lock, 'sh', 'true']).status === 0;
test.skipIf(!canLock)(
  canLock
    ? 'as nobody, with cgroup files that must not be read, the guard takes the limit it is told, serves, and files evidence'
    : 'as nobody, with cgroup files that must not be read [SKIPPED: no mount namespace can be made here]',
  async () => {
    const incidentDir = temporaryFolder();
    chownSync(incidentDir, 65_534, 65_534);
    const { status, told, lines } = runUnprivileged(incidentDir, [
      'unshare',
      '--mount',
      'sh',
      '-c',
      lock,
      'sh',
    ]);
    expect([status, told.uid, told.answer, told.active]).toEqual([0, 65_534, 'served', true]);
    expect(told.folder).not.toBeNull();
    expect((await verifyIncident(told.folder ?? '')).faults).toEqual([]);
    expect(lines.map(({ plimsoll }) => plimsoll)).toContain('armed');
    expect(lines.filter(({ message }) => /EACCES|undefined|NaN/.test(message))).toEqual([]);
  },
);
