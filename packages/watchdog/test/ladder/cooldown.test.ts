import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { mib } from '@plimsoll/memory';
import { expect, test } from 'vitest';
import { readIncident } from '../../src/incident/incident-record.ts';
import { sampleOf } from '../sample.ts';
import { ladderOf } from './ladder-of.ts';
import { momentOf, trendOf } from './moment.ts';

/** The moment `atMs` after the start, with so much in use that cannot be had back. */
function momentAt(atMs: number, megabytes: number, level: 'normal' | 'critical' = 'normal') {
  const workingSetBytes = mib(megabytes);
  const sample = sampleOf({
    atMs: Date.UTC(2026, 10, 20, 17, 0, 0) + atMs,
    monotonicMs: atMs,
    workingSetBytes,
    headroomBytes: mib(256) - workingSetBytes,
  });
  return momentOf({ sample, level, isHeapContained: false, trend: trendOf() });
}

test('a danger 10 min after an incident has ended goes on with it: one folder, the newest numbers, both triggers', () => {
  const { ladder } = ladderOf();
  ladder.tick(momentAt(0, 220));
  ladder.tick(momentAt(1000, 100));
  ladder.tick(momentAt(62_000, 100));
  expect(ladder.hasOpenIncident).toBe(false);
  ladder.tick(momentAt(660_000, 250, 'critical'));
  expect([ladder.hasOpenIncident, ladder.folders.length]).toEqual([true, 1]);
  const record = readIncident(ladder.folders[0] ?? '');
  expect(record.trigger.name).toBe('ratio');
  expect(record.laterTriggers?.map(({ name }) => name)).toEqual(['critical']);
  expect([record.latest.workingSetBytes, record.deepestLevel]).toEqual([mib(250), 'critical']);
});

test('after the cooldown of 1 h a danger opens an incident of its own', () => {
  const { ladder } = ladderOf();
  ladder.tick(momentAt(0, 220));
  ladder.tick(momentAt(1000, 100));
  ladder.tick(momentAt(62_000, 100));
  ladder.tick(momentAt(3_600_000, 220));
  expect(ladder.folders).toHaveLength(2);
});

test('an incident that somebody has removed makes place for another within its cooldown', () => {
  const { ladder } = ladderOf();
  ladder.tick(momentAt(0, 220));
  ladder.tick(momentAt(1000, 100));
  ladder.tick(momentAt(62_000, 100));
  rmSync(ladder.folders[0] ?? '', { recursive: true });
  ladder.tick(momentAt(120_000, 250, 'critical'));
  ladder.tick(momentAt(120_100, 250, 'critical'));
  expect([ladder.hasOpenIncident, ladder.folders.length]).toEqual([true, 2]);
});

test('an incident that cannot be written is tried again after 60 s, and said once', () => {
  const { ladder, dir, lines } = ladderOf();
  rmSync(dir, { recursive: true });
  writeFileSync(dir, 'no folder');
  ladder.tick(momentAt(0, 220));
  ladder.tick(momentAt(30_000, 220));
  ladder.tick(momentAt(61_000, 220));
  expect(lines().map(({ plimsoll }) => plimsoll)).toEqual(['degraded']);
  rmSync(dir);
  mkdirSync(dir);
  ladder.tick(momentAt(100_000, 220));
  expect(ladder.folders).toEqual([]);
  ladder.tick(momentAt(122_000, 220));
  expect(ladder.folders).toHaveLength(1);
});
