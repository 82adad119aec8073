import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type CaptureOutcome, readIncident } from '../../src/index.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const program = join(import.meta.dirname, 'programs', 'capture-twice.mjs');

function mountOf(kilobytes: number): string | undefined {
  const folder = temporaryFolder();
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${kilobytes}k`, 'none', folder]);
  if (status !== 0) return undefined;
  onTestFinished(() => void spawnSync('umount', [folder]));
  return folder;
}

const canMount = process.platform === 'linux' && process.getuid?.() === 0;
const title = (fact: string): string =>
  canMount ? fact : `${fact} [SKIPPED: mounting a small disk needs root on Linux]`;

interface Printed {
  readonly first: CaptureOutcome;
  readonly second: CaptureOutcome;
  readonly active: boolean;
}

function runOn(folder: string, between = ''): { printed: Printed; degraded: string[] } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, folder, between], {
    encoding: 'utf8',
  });
  expect(status).toBe(0);
  const degraded = stderr.split('\n').filter((line) => line.includes('"degraded"'));
  return { printed: JSON.parse(stdout) as Printed, degraded };
}

function emptyOrPartial(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (name) => name.endsWith('.partial') || statSync(join(folder, name)).size === 0,
  );
}

test.skipIf(!canMount)(
  title('a disk of 128 kB has no room for a timeline: said once, the service goes on'),
  () => {
    const folder = mountOf(128) as string;
    const { printed, degraded } = runOn(folder);
    expect(degraded).toEqual([expect.stringContaining('Incidents are off: ENOSPC')]);
    expect(printed.first).toMatchObject({ files: [], refusals: [expect.stringContaining('ENOSPC')] });
    expect(emptyOrPartial(folder)).toEqual([]);
  },
);

test.skipIf(!canMount)(
  title('a disk that is full when the incident is written again keeps the first writing whole'),
  () => {
    const folder = mountOf(2048) as string;
    const { printed, degraded } = runOn(folder, 'fill');
    expect(degraded).toEqual([expect.stringContaining('An incident could not be written: ENOSPC')]);
    const incident = printed.first.folder as string;
    expect(readIncident(incident).trigger.sentence).toBe('first');
    expect(emptyOrPartial(incident)).toEqual([]);
    expect(printed.active).toBe(true);
  },
);
