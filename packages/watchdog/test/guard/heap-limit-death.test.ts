import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readIncident } from '../../src/index.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const program = join(import.meta.dirname, 'programs', 'dies-at-limit.mjs');
const flags = ['--max-old-space-size=48', '--max-semi-space-size=2'];

test('a service that dies at V8’s limit names the Map that killed it, ends by SIGABRT, and shows no secret', () => {
  const incidentDir = temporaryFolder();
  const { signal, stderr } = spawnSync(
    process.execPath,
    [...flags, program, incidentDir, 'argument-secret'],
    {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], TOKEN: 'environment-secret' },
      timeout: 60_000,
    },
  );
  expect(signal).toBe('SIGABRT');
  const death = JSON.parse(
    stderr.split('\n').findLast((line) => line.startsWith('{"plimsoll":"death"')) ?? '{}',
  ) as { message: string; exitCode: number; folder: string };
  expect(death.exitCode).toBe(134);
  expect(death.message).toMatch(
    /^JavaScript heap out of memory: V8 reached its heap limit of .* exit code 134\. Map `byCustomer` \(.*dies-at-limit\.mjs:6\) holds [\d,]+ entries/,
  );
  const record = readIncident(death.folder);
  expect(record.autopsy?.findings[0]).toMatchObject({ kind: 'container', name: 'byCustomer', line: 6 });
  expect(record.files.map(({ name }) => name)).toEqual(
    expect.arrayContaining([
      'allocation.heapprofile',
      'autopsy.json',
      'census.json',
      'journal.ndjson',
      'README.txt',
    ]),
  );
  expect(readFileSync(join(death.folder, 'README.txt'), 'utf8')).toContain(record.autopsy?.sentence);
  const files = readdirSync(incidentDir, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const texts = files.map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'));
  expect(texts.length).toBeGreaterThanOrEqual(7);
  expect([...texts, stderr].filter((text) => text.includes('-secret'))).toEqual([]);
});

test('PLIMSOLL_AUTOPSY=off leaves the death to V8, with the evidence of the other rungs', () => {
  const incidentDir = temporaryFolder();
  const { signal, stderr } = spawnSync(
    process.execPath,
    [...flags, program, incidentDir, 'argument-secret'],
    {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], PLIMSOLL_AUTOPSY: 'off' },
      timeout: 60_000,
    },
  );
  expect(signal).toBe('SIGABRT');
  expect(stderr).toContain('JavaScript heap out of memory');
  expect(stderr).not.toContain('"plimsoll":"death"');
  const [folder] = readdirSync(incidentDir).filter(
    (name) => name.endsWith('Z') || /-(growth|critical|terminal|ratio)$/.test(name),
  );
  expect(readdirSync(join(incidentDir, folder ?? ''))).toEqual(
    expect.arrayContaining(['allocation.heapprofile', 'incident.json']),
  );
});
