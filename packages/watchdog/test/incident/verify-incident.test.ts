import { createHash } from 'node:crypto';
import { readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { start, verifyIncident } from '../../src/index.ts';
import type { Manifest } from '../../src/incident/manifest.ts';
import { temporaryFolder } from '../temporary-folder.ts';

/** A whole incident of a process that has ended its guard. */
function wholeIncident(): string {
  using guard = start({ incidentDir: temporaryFolder(), log: 'off', snapshot: 'off' });
  return guard.capture('a look').folder as string;
}

function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as Manifest;
}

/** Changes a file as somebody would later, without a trace in its time. */
function changeSilently(path: string, text: string): void {
  writeFileSync(path, text);
  utimesSync(path, 0, 0);
}

test('the manifest names every file with size and sha256, the living timeline without', async () => {
  const folder = wholeIncident();
  const { files } = manifestOf(folder);
  expect(files.map(({ name }) => name).sort()).toEqual([
    'README.txt',
    'allocation.heapprofile',
    'incident.json',
    'journal.ndjson',
    'timeline.csv',
    'timeline.ring',
  ]);
  for (const { name, fileBytes, sha256 } of files) {
    const bytes = readFileSync(join(folder, name));
    expect([name, fileBytes]).toEqual([name, bytes.length]);
    const expected = name === 'timeline.ring' ? null : createHash('sha256').update(bytes).digest('hex');
    expect([name, sha256]).toEqual([name, expected]);
  }
  expect(await verifyIncident(folder)).toEqual({ faults: [], fileCount: 7 });
});

test('one byte changed in README.txt is found by its digest', async () => {
  const folder = wholeIncident();
  const path = join(folder, 'README.txt');
  changeSilently(path, readFileSync(path, 'utf8').replace('Memory', 'Mamory'));
  expect((await verifyIncident(folder)).faults).toEqual([
    expect.stringMatching(
      /^README\.txt: has another content than the manifest says \(sha256 [0-9a-f]{64}\)$/,
    ),
  ]);
});

test('a profile cut to half is found by its JSON, a longer csv by its size, a file that went by its name', async () => {
  const folder = wholeIncident();
  const profile = readFileSync(join(folder, 'allocation.heapprofile'), 'utf8');
  changeSilently(join(folder, 'allocation.heapprofile'), profile.slice(0, profile.length / 2));
  const csv = readFileSync(join(folder, 'timeline.csv'), 'utf8');
  changeSilently(join(folder, 'timeline.csv'), `${csv}x`);
  const { faults } = await verifyIncident(folder);
  expect(faults).toEqual([
    `timeline.csv: has ${csv.length + 1} B, ${csv.length} in the manifest`,
    expect.stringMatching(/^allocation\.heapprofile: .*JSON/),
  ]);
  rmSync(join(folder, 'journal.ndjson'));
  expect((await verifyIncident(folder)).faults).toEqual([
    expect.stringContaining('journal.ndjson is missing'),
  ]);
});

test('a file written after the manifest, before a kill, is judged by its content; a .partial is a fault', async () => {
  const folder = wholeIncident();
  utimesSync(join(folder, 'manifest.json'), 0, 0);
  writeFileSync(join(folder, 'allocation.heapprofile'), '{"head":{}}');
  expect((await verifyIncident(folder)).faults).toEqual([]);
  writeFileSync(join(folder, 'census.json.partial'), '{');
  expect((await verifyIncident(folder)).faults).toEqual(['census.json.partial: was left half-written']);
});
