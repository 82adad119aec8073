import { mib } from '@plimsoll/memory';
import { expect, test } from 'vitest';
import type { DeathRecord } from '../../src/deaths/death-log.ts';
import { findDanger } from '../../src/ladder/danger.ts';
import { cautionAfter, usualVigilance, waryVigilance } from '../../src/ladder/vigilance.ts';
import { momentOf, seriesOf, trendOf } from './moment.ts';

const nowMs = Date.UTC(2026, 10, 20, 17, 0, 0);
const hourMs = 3_600_000;

function deathOf(members: Partial<DeathRecord> = {}): DeathRecord {
  return {
    schemaVersion: 1,
    atMs: nowMs - hourMs,
    foundAtMs: nowMs,
    hostName: 'pod-a',
    pid: 1,
    bootId: '0123abcd',
    isMemory: true,
    because: 'memory: last headroom 6 MiB',
    usedRatio: 0.98,
    heapRatio: 0.5,
    limitBytes: mib(256),
    incident: null,
    ...members,
  };
}

const caution = (...deaths: DeathRecord[]) => cautionAfter(deaths, 'pod-a', nowMs, 0.85);

test('a death at 98 % lets the next life open its incident at 78 %', () => {
  expect(caution(deathOf())).toEqual({
    vigilance: waryVigilance,
    triggerRatio: expect.closeTo(0.784),
    memoryDeathCount: 1,
    wantsSentinel: false,
  });
});

test('a death that no tick saw coming gives the lives of the next day a sentinel', () => {
  expect(caution(deathOf({ isUnseen: true }), deathOf()).wantsSentinel).toBe(true);
  expect(caution(deathOf({ isUnseen: true, atMs: nowMs - 25 * hourMs })).wantsSentinel).toBe(false);
});

test('a death from 39 % lets the next life look from 40 % on, not sooner', () => {
  expect(caution(deathOf({ usedRatio: 0.39 })).triggerRatio).toBe(0.4);
});

test('deaths that were not of memory, of another host or 25 h ago change nothing', () => {
  const others = [
    deathOf({ isMemory: false }),
    deathOf({ hostName: 'pod-b' }),
    deathOf({ atMs: nowMs - 25 * hourMs }),
  ];
  expect(caution(...others)).toEqual({
    vigilance: usualVigilance,
    triggerRatio: 0.85,
    memoryDeathCount: 0,
    wantsSentinel: false,
  });
});

test('a leak that is 3 h from its limit is a danger only after a death', () => {
  const heapFloor = seriesOf({
    verdict: 'growing',
    slopeBytesPerSecond: 14_000,
    timeToLimitMs: 3 * hourMs,
  });
  const moment = momentOf({ trend: trendOf({ heapFloor }) });
  const bounds = { triggerRatio: 0.85, triggerBytes: null };
  expect(findDanger(moment, bounds)).toBeUndefined();
  expect(findDanger(moment, { ...bounds, vigilance: waryVigilance })?.trigger).toBe('growth');
});
