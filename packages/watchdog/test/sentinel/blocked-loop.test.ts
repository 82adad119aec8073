import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { mib } from '@plimsoll/memory';
import { expect, test } from 'vitest';
import { createMemoryGroup, describeWithCgroup } from '../../../../test/cgroup.ts';
import { readIncident } from '../../src/index.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const program = join(import.meta.dirname, 'programs', 'blocked.mjs');
const flags = ['--max-old-space-size=100', '--max-semi-space-size=2'];

const incidentsIn = (dir: string): string[] =>
  readdirSync(dir)
    .filter((name) => /^\d{8}T/.test(name))
    .map((name) => join(dir, name));

function runBlocked(form: string, sentinel: string) {
  const incidentDir = temporaryFolder();
  const { status, signal, stdout, stderr } = spawnSync(
    process.execPath,
    [...flags, program, incidentDir, form],
    {
      encoding: 'utf8',
      timeout: 60_000,
      env: { PATH: process.env['PATH'], PLIMSOLL_LIMIT: '400MiB', PLIMSOLL_SENTINEL: sentinel },
    },
  );
  return { ending: signal ?? status, stdout, stderr, incidents: incidentsIn(incidentDir) };
}

test('a synchronous loop that fills the heap names its array, and nothing of the service has run meanwhile', () => {
  const { ending, stdout, stderr, incidents } = runBlocked('heap', 'always');
  expect([ending, stdout]).toEqual(['SIGABRT', '']);
  expect(stderr).toMatch(/"plimsoll":"death".*Array `orders` \(.*blocked\.mjs:6\) holds [\d,]+ entries/);
  const [folder = ''] = incidents;
  expect(readIncident(folder).autopsy?.findings[0]).toMatchObject({ name: 'orders', line: 6 });
  expect(readFileSync(join(folder, 'journal.ndjson'), 'utf8')).toContain('"loop-blocked"');
});

test('without the sentinel the same loop ends without evidence, below 1 GiB also by default', () => {
  const { ending, stderr, incidents } = runBlocked('heap', 'auto');
  expect([ending, incidents]).toEqual(['SIGABRT', []]);
  expect(stderr).not.toContain('"plimsoll":"death"');
});

test('a loop of Buffers that ends leaves no incident, and the process ends without a word of a debugger', () => {
  const { ending, stdout, stderr, incidents } = runBlocked('ends', 'always');
  expect([ending, stdout, incidents.length]).toEqual([0, 'ended, 800\n', 0]);
  expect(stderr).not.toMatch(/debugger/i);
});

describeWithCgroup('in a control group of 256 MiB', () => {
  test('a synchronous loop of Buffers is killed by the kernel, with its incident on disk', async () => {
    const incidentDir = temporaryFolder();
    using group = createMemoryGroup(mib(256));
    const { signal } = await group.run(process.execPath, [...flags, program, incidentDir, 'buffers'], {
      env: { PATH: process.env['PATH'], PLIMSOLL_SENTINEL: 'always' },
    });
    expect([signal, group.oomKillCount]).toEqual(['SIGKILL', 1]);
    const [folder = ''] = incidentsIn(incidentDir);
    const record = readIncident(folder);
    expect(record.trigger.name).toBe('ratio');
    expect(record.latest.externalBytes).toBeGreaterThan(mib(100));
  });
});
