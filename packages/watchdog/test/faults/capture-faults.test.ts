import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { listIncidents, readDeaths, verifyIncident } from '../../src/index.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { CapturingChild } from './capturing-child.ts';

const onceMore = join(import.meta.dirname, '..', 'deaths', 'programs', 'once-more.mjs');

function partialsIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.partial'),
  );
}

const canMount = process.platform === 'linux' && process.getuid?.() === 0;
test.skipIf(!canMount)(
  canMount
    ? 'a disk that fills up in the middle of a snapshot: the snapshot is refused with the reason, the rest is whole, the service goes on'
    : 'a disk that fills up in the middle of a snapshot [SKIPPED: mounting a small disk needs root on Linux]',
  async () => {
    const dir = temporaryFolder();
    expect(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=280m', 'none', dir]).status).toBe(0);
    onTestFinished(() => void spawnSync('umount', ['--lazy', dir]));
    const incidentDir = join(dir, 'incidents');
    const child = new CapturingChild(incidentDir, ['goes-on', '1000']);
    await child.inCapture();
    fill(join(dir, 'filler'));
    const { folder, files, refusals } = await child.outcome();
    expect(files).not.toContain('heap-1.heapsnapshot');
    expect(refusals.join(' ')).toMatch(/without closing|no header|ENOSPC/);
    expect(partialsIn(incidentDir)).toEqual([]);
    expect((await verifyIncident(folder ?? '')).faults).toEqual([]);
  },
);

function fill(path: string): void {
  const descriptor = openSync(path, 'w');
  const block = Buffer.alloc(2 ** 20);
  try {
    for (;;) writeSync(descriptor, block);
  } catch {
    closeSync(descriptor);
  }
}

test('an incident folder that is deleted in the middle of a snapshot costs the incident: no throw, the service goes on', async () => {
  const incidentDir = join(temporaryFolder(), 'incidents');
  const child = new CapturingChild(incidentDir);
  await child.inCapture();
  rmSync(incidentDir, { recursive: true, force: true, maxRetries: 5 });
  const { refusals } = await child.outcome();
  expect(refusals.join(' ')).toMatch(/ENOENT|cannot be written/);
  expect(child.stderr).not.toMatch(/^\s+at /m);
});

test('SIGKILL in the middle of a snapshot: what was whole stays whole, the next start removes the half-written file', async () => {
  const incidentDir = temporaryFolder();
  const child = new CapturingChild(incidentDir);
  await child.inCapture();
  child.process.kill('SIGKILL');
  await child.closed;
  expect(partialsIn(incidentDir)).toHaveLength(1);
  const [incident] = listIncidents(incidentDir);
  expect(spawnSync(process.execPath, [onceMore, incidentDir]).status).toBe(0);
  expect(partialsIn(incidentDir)).toEqual([]);
  expect((await verifyIncident(incident?.path ?? '')).faults).toEqual([]);
  expect(readDeaths(join(incidentDir, 'run'))).toHaveLength(1);
  expect(existsSync(join(incidentDir, 'run', 'captures', 'slot-1'))).toBe(false);
});

test('SIGTERM in the middle of a snapshot reaches the service’s own handler after it, and the incident is whole', async () => {
  const incidentDir = temporaryFolder();
  const child = new CapturingChild(incidentDir, ['handles-sigterm']);
  await child.inCapture();
  child.process.kill('SIGTERM');
  const { folder, files } = await child.outcome();
  await child.says('sigterm');
  expect(await child.closed).toEqual([0, null]);
  expect(files).toContain('heap-1.heapsnapshot');
  expect((await verifyIncident(folder ?? '')).faults).toEqual([]);
});

test('SIGTERM in the middle of a snapshot of a service without a handler ends it as it would have', async () => {
  const incidentDir = temporaryFolder();
  const child = new CapturingChild(incidentDir);
  await child.inCapture();
  child.process.kill('SIGTERM');
  expect(await child.closed).toEqual([null, 'SIGTERM']);
  const [incident] = listIncidents(incidentDir);
  spawnSync(process.execPath, [onceMore, incidentDir]);
  expect((await verifyIncident(incident?.path ?? '')).faults).toEqual([]);
});
