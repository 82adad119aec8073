import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { mib, type PressureLevel } from '@plimsoll/memory';
import { expect, test } from 'vitest';
import { IncidentStore } from '../../src/incident/incident-store.ts';
import { GuardLog } from '../../src/log/guard-log.ts';
import { reportDeadRuns } from '../../src/run/dead-runs.ts';
import { identifyProcess } from '../../src/run/process-identity.ts';
import { RunFolder } from '../../src/run/run-folder.ts';
import { sampleOf } from '../sample.ts';
import { temporaryFolder } from '../temporary-folder.ts';

/** Leaves what a process leaves that was killed at `workingSetBytes`, and what the next start says of it. */
function linesAfterDeath(workingSetBytes: number, level: PressureLevel, lastWords?: string) {
  const dir = temporaryFolder();
  const store = new IncidentStore({ dir, quotaBytes: mib(1), maxCount: 5 });
  const incident = join(dir, '20261120T170001Z-host-1-0123abcd-growth');
  mkdirSync(incident);
  const self = identifyProcess();
  const identity = { ...self, pid: spawnSync('true').pid, bootId: '0123abcd' };
  const run = new RunFolder(join(dir, 'run'), identity);
  const sample = sampleOf({ workingSetBytes, headroomBytes: mib(256) - workingSetBytes });
  run.timeline.write(sample, level);
  run.writeStatus({
    schemaVersion: 1,
    identity,
    atMs: 0,
    level,
    sample,
    trend: {},
    incident,
    offReasons: [],
    ...(lastWords === undefined ? {} : { lastWords }),
  });
  run.timeline.close();
  const output = join(dir, 'stderr');
  const descriptor = openSync(output, 'w');
  reportDeadRuns(join(dir, 'run'), self, store, new GuardLog('json', descriptor));
  closeSync(descriptor);
  return { lines: readFileSync(output, 'utf8'), incident, runPath: run.path };
}

test('a process that ended at 250 of 256 MiB is told in one line, and its incident gets the timeline to the last tick', () => {
  const { lines, incident, runPath } = linesAfterDeath(mib(250), 'terminal');
  expect(JSON.parse(lines)).toMatchObject({
    plimsoll: 'found-death',
    incident,
    message: `The process before this one ended without a word at 2026-11-20T17:00:00.000Z, at 250 MiB of 256 MiB, heap 60 MiB of 199 MiB. Evidence: ${incident}.`,
  });
  expect(readFileSync(join(incident, 'timeline.csv'), 'utf8').split('\n')).toHaveLength(3);
  expect(existsSync(runPath)).toBe(false);
});

test('a process that ended with 61 % of the limit left did not die of memory: no line, nothing left', () => {
  const { lines, runPath } = linesAfterDeath(mib(100), 'normal');
  expect(lines).toBe('');
  expect(existsSync(runPath)).toBe(false);
});

test('a process that said why it ended is told with its last words', () => {
  const { lines } = linesAfterDeath(mib(250), 'terminal', 'JavaScript heap out of memory: Map `sessions`.');
  expect((JSON.parse(lines) as { message: string }).message).toContain(
    'The process before this one ended at 2026-11-20T17:00:00.000Z, at 250 MiB of 256 MiB, heap 60 MiB of 199 MiB. Its last words: JavaScript heap out of memory: Map `sessions`. Evidence: ',
  );
});
