import { appendFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { appendDeath, type DeathRecord, readDeaths } from '../../src/deaths/death-log.ts';
import { temporaryFolder } from '../temporary-folder.ts';

function deathOf(pid: number): DeathRecord {
  return {
    schemaVersion: 1,
    atMs: pid,
    foundAtMs: pid,
    hostName: 'pod-a',
    pid,
    bootId: '0123abcd',
    isMemory: false,
    because: 'not memory: last headroom 61 %',
    usedRatio: 0.39,
    heapRatio: 0.3,
    limitBytes: 1,
    incident: null,
  };
}

test('of 1,000 deaths the newest 200 at most are kept, in a file of its owner only', () => {
  const dir = temporaryFolder();
  for (let pid = 1; pid <= 1000; pid += 1) appendDeath(dir, deathOf(pid));
  const kept = readDeaths(dir);
  expect(kept.length).toBeLessThanOrEqual(200);
  expect(kept.length).toBeGreaterThanOrEqual(100);
  expect(kept.at(-1)?.pid).toBe(1000);
  expect(statSync(join(dir, 'deaths.ndjson')).mode & 0o777).toBe(0o600);
});

test('a line that was cut off by a kill costs that line alone', () => {
  const dir = temporaryFolder();
  appendDeath(dir, deathOf(1));
  appendFileSync(join(dir, 'deaths.ndjson'), '{"schemaVersion":1,"atMs"\n');
  appendDeath(dir, deathOf(2));
  expect(readDeaths(dir).map(({ pid }) => pid)).toEqual([1, 2]);
});

test('no list is no death', () => {
  expect(readDeaths(temporaryFolder())).toEqual([]);
});
