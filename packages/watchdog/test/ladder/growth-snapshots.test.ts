import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { mib } from '@plimsoll/memory';
import { expect, test } from 'vitest';
import { readIncident } from '../../src/incident/incident-record.ts';
import { IncidentStore } from '../../src/incident/incident-store.ts';
import { GrowthSnapshots } from '../../src/ladder/growth-snapshots.ts';
import { waryVigilance } from '../../src/ladder/vigilance.ts';
import { sampleOf } from '../sample.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { ladderOf } from './ladder-of.ts';
import { momentOf, seriesOf, trendOf } from './moment.ts';

const MINUTE_MS = 60_000;

/** A heap in a large container that grows by verdict, far from any danger, at `megabytes` after `atMs`. */
function growingAt(atMs: number, megabytes: number, timeToLimitMs = 60 * MINUTE_MS) {
  const sample = sampleOf({
    monotonicMs: atMs,
    limitBytes: mib(8192),
    headroomBytes: mib(8000),
    heapLimitBytes: mib(4096),
    heapCommittedBytes: mib(megabytes * 2),
  });
  const heapFloor = seriesOf({
    verdict: 'growing',
    slopeBytesPerSecond: mib(0.1),
    slopeLowBytesPerSecond: mib(0.09),
    timeToLimitMs,
  });
  return momentOf({ sample, trend: trendOf({ floorBytes: mib(megabytes), heapFloor }) });
}

/** A ladder with room for snapshots of this process, however long they take, that opens no incident for anything else. */
function snapshottingLadder() {
  const dir = join(temporaryFolder(), 'incidents');
  const vigilance = { ...waryVigilance, horizonMs: 0 };
  return ladderOf({
    store: new IncidentStore({ dir, quotaBytes: mib(1024), maxCount: 10, maxAgeMs: 1e12 }),
    snapshots: true,
    maxPauseMs: 600_000,
    bounds: { triggerRatio: 0.85, triggerBytes: null, vigilance },
  });
}

test('a growing heap is due from 30 min of life on, after a death of memory from 30 s on', () => {
  const usual = new GrowthSnapshots();
  const wary = new GrowthSnapshots(waryVigilance);
  const dueAt = (growth: GrowthSnapshots, atMs: number) => growth.dueFor(growingAt(atMs, 20)) !== undefined;
  expect([0, 31_000, 29 * MINUTE_MS, 30 * MINUTE_MS].map((atMs) => dueAt(usual, atMs))).toEqual([
    false,
    false,
    false,
    true,
  ]);
  expect([0, 31_000].map((atMs) => dueAt(wary, atMs))).toEqual([false, true]);
});

test('after one at 70 MiB held the next is due at a quarter more, not before', () => {
  const growth = new GrowthSnapshots(waryVigilance);
  growth.dueFor(growingAt(0, 20));
  growth.note(growingAt(40_000, 20));
  // The moments hold 50 MiB beside the heap as well.
  expect(growth.dueFor(growingAt(50_000, 37))).toBeUndefined();
  expect(growth.dueFor(growingAt(60_000, 38))?.trigger).toBe('growth');
});

test('a rise to 80 MiB that stays below the 100 MiB of an hour ago is a tide', () => {
  const growth = new GrowthSnapshots(waryVigilance);
  growth.dueFor(growingAt(0, 20));
  growth.dueFor(growingAt(30 * MINUTE_MS, 50));
  expect(growth.dueFor(growingAt(90 * MINUTE_MS, 30))).toBeUndefined();
  expect(growth.dueFor(growingAt(95 * MINUTE_MS, 51))).toBeDefined();
});

test('a rise that takes more than 12 h to the limit is a day’s traffic as far as anybody can tell', () => {
  const growth = new GrowthSnapshots(waryVigilance);
  growth.dueFor(growingAt(0, 20));
  expect(growth.dueFor(growingAt(40_000, 20, 13 * 60 * MINUTE_MS))).toBeUndefined();
  expect(growth.dueFor(growingAt(40_000, 20, 11 * 60 * MINUTE_MS))).toBeDefined();
});

test('of four steps of a small leak, the second after the incident was over, one incident keeps three whole snapshots: 1, 3 and 4', async () => {
  const { ladder } = snapshottingLadder();
  for (const atMs of [0, 40_000, 41_000, 110_000]) ladder.tick(growingAt(atMs, 20));
  expect([ladder.hasOpenIncident, ladder.folders.length]).toEqual([false, 1]);
  const steps = [40, 64, 95];
  for (const [index, megabytes] of steps.entries()) ladder.tick(growingAt(200_000 + index * 2000, megabytes));
  const [folder = '', ...others] = ladder.folders;
  expect(others).toEqual([]);
  const kept = () => readdirSync(folder).filter((name) => name.endsWith('.heapsnapshot'));
  expect(kept().sort()).toEqual(['heap-1.heapsnapshot', 'heap-3.heapsnapshot', 'heap-4.heapsnapshot']);
  await expect
    .poll(() => readIncident(folder).captures.map(({ check }) => check), { timeout: 30_000 })
    .not.toContain('pending');
  const { captures, trigger } = readIncident(folder);
  expect(trigger.name).toBe('growth');
  expect(captures.filter(({ rung }) => rung === 'snapshot').map(({ file }) => file)).toEqual(kept().sort());
  ladder.end(growingAt(210_000, 95));
});
