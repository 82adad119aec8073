import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { type CaptureOutcome, verifyIncident } from '../../src/index.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const program = join(import.meta.dirname, 'programs', 'captures.mjs');
const benchmarks = join(import.meta.dirname, '..', '..', '..', '..', 'benchmarks');
const hasPprof = existsSync(join(benchmarks, 'node_modules', '@datadog', 'pprof'));

interface Told extends CaptureOutcome {
  readonly folder: string;
  readonly listenerCount: number;
  /** Files of native modules of the package that are in the address space. */
  readonly nativeModules: readonly string[];
  readonly options: string | null;
}

/** One capture of a process whose service stands in `cwd`. */
function captureIn(cwd: string, env: Record<string, string> = {}): { told: Told; stderr: string } {
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ['--max-old-space-size=256', program, temporaryFolder()],
    {
      cwd,
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], PLIMSOLL_LIMIT: '2GiB', ...env },
    },
  );
  expect([status, stdout]).toEqual([0, expect.stringContaining('{')]);
  return { told: JSON.parse(stdout) as Told, stderr };
}

/** A stand-in with the manners of the package heapdump 0.3: SIGUSR2 unless it is told, and files for everybody. */
function folderWithHeapdump(): string {
  const cwd = temporaryFolder();
  const folder = join(cwd, 'node_modules', 'heapdump');
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, 'index.js'),
    `if (process.env.NODE_HEAPDUMP_OPTIONS !== 'nosignal') process.on('SIGUSR2', () => {});
     exports.writeSnapshot = (path, done) => {
       require('node:v8').writeHeapSnapshot(path);
       require('node:fs').chmodSync(path, 0o644);
       done(null);
       return true;
     };`,
  );
  chmodSync(cwd, 0o755);
  return cwd;
}

test.skipIf(!hasPprof)(
  hasPprof
    ? 'with @datadog/pprof installed the profile is written as allocation.pb.gz too: the function that allocated and its file are in it, the first line says so, and its native half is not loaded'
    : 'allocation.pb.gz [SKIPPED: @datadog/pprof is not installed in benchmarks/]',
  async () => {
    const { told, stderr } = captureIn(benchmarks, { PLIMSOLL_SNAPSHOT: 'off' });
    expect(stderr).toContain('Backends: profiles also as allocation.pb.gz (@datadog/pprof).');
    expect(told.files).toEqual(expect.arrayContaining(['allocation.heapprofile', 'allocation.pb.gz']));
    const text = gunzipSync(readFileSync(join(told.folder, 'allocation.pb.gz'))).toString('latin1');
    for (const word of ['inuse_space', 'rememberSession', 'captures.mjs']) expect(text).toContain(word);
    expect(told.nativeModules).toEqual([]);
    expect((await verifyIncident(told.folder)).faults).toEqual([]);
  },
);

test('PLIMSOLL_PPROF=off writes profiles for DevTools alone', () => {
  const { told, stderr } = captureIn(benchmarks, { PLIMSOLL_SNAPSHOT: 'off', PLIMSOLL_PPROF: 'off' });
  expect(told.files).not.toContain('allocation.pb.gz');
  expect(stderr).not.toContain('Backends');
});

test('snapshots by heapdump are 0600, counted whole, and SIGUSR2 stays the service’s', async () => {
  const { told, stderr } = captureIn(folderWithHeapdump(), {
    PLIMSOLL_SNAPSHOT_BACKEND: 'heapdump',
    PLIMSOLL_PPROF: 'off',
  });
  expect(stderr).toContain('Backends: snapshots by heapdump.');
  expect([told.refusals, told.listenerCount, told.options]).toEqual([[], 0, null]);
  expect(statSync(join(told.folder, 'heap-1.heapsnapshot')).mode & 0o777).toBe(0o600);
  expect((await verifyIncident(told.folder)).faults).toEqual([]);
});

test('heapdump asked for and not installed: the first line says so, and Node.js writes the snapshot', () => {
  const { told, stderr } = captureIn(temporaryFolder(), { PLIMSOLL_SNAPSHOT_BACKEND: 'heapdump' });
  expect(stderr).toContain('The package heapdump is not installed: Node.js writes snapshots itself.');
  expect(told.files).toContain('heap-1.heapsnapshot');
});
