import { openSync, readFileSync, statSync, symlinkSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { mib } from '@plimsoll/memory';
import { expect, test } from 'vitest';
import { timelineCsv } from '../../src/timeline/timeline-csv.ts';
import { recordBytes } from '../../src/timeline/timeline-record.ts';
import { readTimeline, timelineFileBytes, TimelineRing } from '../../src/timeline/timeline-ring.ts';
import { sampleOf } from '../sample.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const startMs = Date.UTC(2026, 10, 20, 17, 0, 0);

function ringWith(ticks: number, stepMs: number): string {
  const path = join(temporaryFolder(), 'timeline.ring');
  const ring = new TimelineRing(path);
  for (let tick = 0; tick < ticks; tick += 1) {
    ring.write(
      sampleOf({ atMs: startMs + tick * stepMs, monotonicMs: tick * stepMs, heapUsedBytes: tick }),
      'normal',
    );
  }
  ring.close();
  return path;
}

test('a new file has its whole size of 254,080 bytes, mode 0600 and no record', () => {
  const path = ringWith(0, 0);
  expect(statSync(path).size).toBe(254_080);
  expect(timelineFileBytes).toBe(254_080);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readTimeline(path)).toEqual([]);
});

test('3 ticks read back in order with every number', () => {
  const records = readTimeline(ringWith(3, 1000));
  expect(records.map(({ atMs, heapUsedBytes }) => [atMs - startMs, heapUsedBytes])).toEqual([
    [0, 0],
    [1000, 1],
    [2000, 2],
  ]);
  expect(records[0]).toEqual({
    atMs: startMs,
    level: 'normal',
    limitBytes: mib(256),
    workingSetBytes: mib(100),
    headroomBytes: mib(156),
    rssBytes: mib(120),
    heapUsedBytes: 0,
    heapCommittedBytes: mib(70),
    heapLimitBytes: mib(199),
    externalBytes: mib(4),
    arrayBuffersBytes: mib(3),
    otherNativeBytes: mib(16),
    otherProcessesBytes: 0,
    limitHitCount: 0,
  });
});

test('5,000 ticks of 1 s keep the last 1,024 and one in 15 s of those before', () => {
  const records = readTimeline(ringWith(5000, 1000));
  const seconds = records.map(({ atMs }) => (atMs - startMs) / 1000);
  const coarse = seconds.filter((second) => second < 5000 - 1024);
  expect(seconds.slice(-1024)).toEqual(Array.from({ length: 1024 }, (_, index) => 5000 - 1024 + index));
  expect(coarse).toEqual(Array.from({ length: Math.ceil((5000 - 1024) / 15) }, (_, index) => index * 15));
});

test('a torn record is skipped and its neighbours are read', () => {
  const path = ringWith(3, 1000);
  const bytes = Buffer.alloc(8);
  writeSync(openSync(path, 'r+'), bytes, 0, 8, 2 * recordBytes + 120);
  expect(readTimeline(path).map(({ heapUsedBytes }) => heapUsedBytes)).toEqual([0, 2]);
});

test('a file that is no timeline is refused with its path', () => {
  const path = join(temporaryFolder(), 'x');
  writeFileSync(path, 'hello');
  expect(() => readTimeline(path)).toThrow(
    `${path} is no timeline: expected 254080 B that begin with "plimsoll-timeline/1".`,
  );
});

test('a prepared file or link at the path is never written into', () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'target'), 'precious');
  symlinkSync(join(folder, 'target'), join(folder, 'timeline.ring'));
  expect(() => new TimelineRing(join(folder, 'timeline.ring'))).toThrow(/EEXIST|ELOOP/);
  expect(readFileSync(join(folder, 'target'), 'utf8')).toBe('precious');
});

test('the csv has a header and one line per record', () => {
  expect(timelineCsv(readTimeline(ringWith(1, 0)))).toBe(
    'time,level,limitBytes,workingSetBytes,headroomBytes,rssBytes,heapUsedBytes,heapCommittedBytes,heapLimitBytes,externalBytes,arrayBuffersBytes,otherNativeBytes,otherProcessesBytes,limitHitCount\n' +
      '2026-11-20T17:00:00.000Z,normal,268435456,104857600,163577856,125829120,0,73400320,208666624,4194304,3145728,16777216,0,0\n',
  );
});

test('after the clock was set back by 1 h the record written last is still read last', () => {
  const path = join(temporaryFolder(), 'timeline.ring');
  const ring = new TimelineRing(path);
  for (let tick = 0; tick < 40; tick += 1) {
    const offMs = tick < 20 ? 0 : -3_600_000;
    ring.write(
      sampleOf({ atMs: startMs + tick * 1000 + offMs, monotonicMs: tick * 1000, heapUsedBytes: tick }),
      'normal',
    );
  }
  ring.close();
  expect(readTimeline(path).map(({ heapUsedBytes }) => heapUsedBytes)).toEqual(
    Array.from({ length: 40 }, (_, tick) => tick),
  );
});
