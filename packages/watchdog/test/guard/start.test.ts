import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { journal, mib } from '@plimsoll/memory';
import { expect, test } from 'vitest';
import { readIncident, readTimeline, start } from '../../src/index.ts';
import { temporaryFolder } from '../temporary-folder.ts';

test('capture() leaves a whole incident: 0600 files in a 0700 folder, none of them empty, each one listed', () => {
  const incidentDir = temporaryFolder();
  using guard = start({ incidentDir, log: 'off', snapshot: 'off' });
  const outcome = guard.capture('before the release');
  const folder = outcome.folder as string;
  const names = readdirSync(folder).sort();
  expect(guard.incidents).toEqual([folder]);
  expect(names).toEqual(
    expect.arrayContaining([
      'README.txt',
      'allocation.heapprofile',
      'incident.json',
      'journal.ndjson',
      'timeline.csv',
      'timeline.ring',
    ]),
  );
  expect(names.filter((name) => name.endsWith('.partial'))).toEqual([]);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  for (const name of names) {
    expect([name, statSync(join(folder, name)).mode & 0o777]).toEqual([name, 0o600]);
    expect([name, statSync(join(folder, name)).size > 0]).toEqual([name, true]);
  }
  const record = readIncident(folder);
  expect(record.trigger).toMatchObject({ name: 'call', sentence: 'before the release' });
  expect(record.files.map(({ name }) => name).sort()).toEqual(
    names
      .filter((name) => !['incident.json', 'manifest.json', 'README.txt'].includes(name))
      .concat('README.txt')
      .sort(),
  );
  expect(JSON.parse(readFileSync(join(folder, 'allocation.heapprofile'), 'utf8'))).toHaveProperty('head');
});

test('the timeline link in the incident goes on after the incident was written', () => {
  const incidentDir = temporaryFolder();
  using guard = start({ incidentDir, log: 'off', snapshot: 'off' });
  const folder = guard.capture('first').folder as string;
  const before = readTimeline(join(folder, 'timeline.ring')).length;
  guard.capture('second');
  expect(readTimeline(join(folder, 'timeline.ring')).length).toBeGreaterThan(before);
});

test('snapshot off takes none and refuses nothing', () => {
  using guard = start({ incidentDir: temporaryFolder(), log: 'off', snapshot: 'off' });
  const { files, refusals } = guard.capture('look');
  expect(files.filter((name) => name.endsWith('.heapsnapshot'))).toEqual([]);
  expect(refusals).toEqual([]);
});

test('a snapshot that may stop the service longer than 1 ms is refused with the numbers', () => {
  using guard = start({ incidentDir: temporaryFolder(), log: 'off', maxPauseMs: 1 });
  const { files, refusals, folder } = guard.capture('look');
  expect(files.filter((name) => name.endsWith('.heapsnapshot'))).toEqual([]);
  expect(refusals).toEqual([
    expect.stringMatching(/^The service would stand still for about \d+ ms .*; 1 ms are allowed\.$/),
  ]);
  expect(readIncident(folder as string).refusals[0]?.numbers).toMatchObject({ maxPauseMs: 1 });
  expect(readFileSync(join(folder as string, 'README.txt'), 'utf8')).toContain('No heap snapshot:');
});

test('a second start is a handle on the first guard, journalled, and stopping it leaves the first one running', () => {
  const incidentDir = temporaryFolder();
  using first = start({ incidentDir, log: 'off', snapshot: 'off' });
  const second = start({ incidentDir: temporaryFolder(), log: 'off' });
  expect(journal().entries().at(-1)).toMatchObject({ part: 'guard', event: 'started-again' });
  second.stop();
  expect([first.active, second.active]).toEqual([true, false]);
  expect(first.capture('still here').folder).toContain(incidentDir);
});

test('the last stop removes the run folder and lets a new guard start', () => {
  const incidentDir = temporaryFolder();
  const first = start({ incidentDir, log: 'off' });
  expect(readdirSync(join(incidentDir, 'run'))).toHaveLength(1);
  first.stop();
  expect(readdirSync(join(incidentDir, 'run'))).toEqual([]);
  using second = start({ incidentDir, log: 'off' });
  expect(second.active).toBe(true);
});

test('bad options are named all together in one error', () => {
  expect(() => start({ triggerRatio: 7, maxPauseMs: -1 })).toThrow(/2 faults:\n- .*\n- /);
});

test('a limit given as an option is the limit of the guard', () => {
  using guard = start({ incidentDir: temporaryFolder(), log: 'off', limitBytes: mib(64) });
  expect(guard.limit).toMatchObject({ limitBytes: mib(64), source: 'option' });
});

test('a planner that finds no heap leaves no plan and a running guard', () => {
  using guard = start({
    incidentDir: temporaryFolder(),
    log: 'off',
    plan: () => {
      throw new Error('no heap fits');
    },
  });
  expect([guard.active, guard.plan]).toEqual([true, undefined]);
});

test('an incident folder that is deleted under the guard costs the incident and one line, never the caller', () => {
  const incidentDir = temporaryFolder();
  using guard = start({ incidentDir, log: 'off', snapshot: 'off' });
  rmSync(incidentDir, { recursive: true });
  const outcome = guard.capture('into nothing');
  expect(outcome.folder).toBeUndefined();
  expect(outcome.refusals).toEqual([
    expect.stringMatching(/^the incident folder cannot be written: ENOENT: no such file or directory/),
  ]);
  expect(existsSync(incidentDir)).toBe(false);
  expect(guard.active).toBe(true);
});
