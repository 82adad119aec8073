import { mib, registerHolder } from '@plimsoll/memory';
import { expect, test } from 'vitest';
import { LivelockWatch } from '../../src/livelock/livelock-watch.ts';
import { sampleOf } from '../sample.ts';

/** A tick `atMs` after the start: so many refusals until then, so much left of 256 MiB. */
function tickAt(atMs: number, limitHitCount: number, headroomMib: number, stalledRatio = Number.NaN) {
  return sampleOf({
    monotonicMs: atMs,
    headroomBytes: mib(headroomMib),
    kernel: { limitHitCount, highHitCount: 0, oomKillCount: 0, stalledRatio },
  });
}

test('4,000 refusals within 100 ms with 15 MiB left are a livelock, told with its numbers', () => {
  const watch = new LivelockWatch();
  expect(watch.tick(tickAt(100, 0, 30))).toBeUndefined();
  expect(watch.tick(tickAt(200, 4000, 15))).toEqual({
    trigger: 'livelock',
    sinceMs: 0,
    sentence:
      'The container is getting stuck: the kernel refused memory 40,000 times a second with 15 MiB left of 256 MiB, while the heap stands at 60 MiB of 199 MiB.',
  });
  expect(watch.tick(tickAt(1200, 9000, 15))?.sinceMs).toBe(1000);
});

test('a million refusals with 120 MiB left are page cache that comes and goes: nothing', () => {
  const watch = new LivelockWatch();
  watch.tick(tickAt(100, 0, 120));
  expect(watch.tick(tickAt(1100, 1_000_000, 120))).toBeUndefined();
});

test('100 refusals a second with 15 MiB left are nothing; 45 % of the time stood still are a livelock', () => {
  const watch = new LivelockWatch();
  watch.tick(tickAt(100, 0, 15));
  expect(watch.tick(tickAt(1100, 100, 15))).toBeUndefined();
  expect(watch.tick(tickAt(1200, 110, 15, 0.45))?.sentence).toContain(
    'everything stood still 45 % of the time',
  );
});

test('a counter that falls, because the process was moved to another group, is nothing', () => {
  const watch = new LivelockWatch();
  watch.tick(tickAt(100, 50_000, 15));
  expect(watch.tick(tickAt(200, 10, 15))).toBeUndefined();
});

test('when it begins, holders are asked once for all they have', () => {
  const asked: number[] = [];
  using _holder = registerHolder({
    name: 'cache',
    bytes: () => 500,
    reclaim: (targetBytes) => asked.push(targetBytes),
  });
  const watch = new LivelockWatch();
  for (let tick = 1; tick <= 5; tick += 1) watch.tick(tickAt(tick * 100, tick * 4000, 15));
  expect(asked).toEqual([500]);
});
