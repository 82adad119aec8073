import { mib } from '@plimsoll/memory';
import { expect, test } from 'vitest';
import { RefreshSchedule } from '../../src/ladder/refresh-schedule.ts';
import { sampleOf } from '../sample.ts';

function at(monotonicMs: number, workingSetMib: number) {
  return sampleOf({ monotonicMs, workingSetBytes: mib(workingSetMib) });
}

test('an incident is written again at each twentieth of the limit, not in between and not on the way down', () => {
  const schedule = new RefreshSchedule();
  schedule.done(at(0, 100), 'elevated', 0);
  expect(schedule.isDue(at(10_000, 112), 'elevated')).toBe(false);
  expect(schedule.isDue(at(10_000, 113), 'elevated')).toBe(true);
  schedule.done(at(10_000, 113), 'elevated', 0);
  expect(schedule.isDue(at(20_000, 90), 'elevated')).toBe(false);
  expect(schedule.isDue(at(30_000, 113), 'elevated')).toBe(false);
});

test('a writing of 100 ms is followed by another after 2 s at elevated, 1 s at critical, 500 ms at terminal', () => {
  const due = (level: 'elevated' | 'critical' | 'terminal', gapMs: number): boolean => {
    const schedule = new RefreshSchedule();
    schedule.done(at(0, 100), level, 100);
    return schedule.isDue(at(100 + gapMs, 200), level);
  };
  expect([due('elevated', 1999), due('elevated', 2000)]).toEqual([false, true]);
  expect([due('critical', 999), due('critical', 1000)]).toEqual([false, true]);
  expect([due('terminal', 499), due('terminal', 500)]).toEqual([false, true]);
});

test('a deeper level is written at once', () => {
  const schedule = new RefreshSchedule();
  schedule.done(at(0, 100), 'elevated', 10);
  expect(schedule.isDue(at(600, 100), 'critical')).toBe(true);
});
