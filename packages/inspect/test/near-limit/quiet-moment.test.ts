import { expect, test } from 'vitest';
import { QuietMoment } from '../../src/near-limit/quiet-moment.ts';

test('the moment comes once, at the first tick 10 s after the first at which the thread was busy for less than 30 %', () => {
  const moment = new QuietMoment(10_000);
  const ticks = [
    [0, 0],
    [9_999, 0],
    [11_000, 0.9],
    [12_000, 0.3],
    [12_100, 0],
    [13_000, 0.29],
    [14_000, 0],
  ] as const;
  const came = ticks.filter(([atMs, busyRatio]) => moment.observe(atMs, () => busyRatio));
  expect(came).toEqual([[13_000, 0.29]]);
});

test('a moment that is ended does not come', () => {
  const moment = new QuietMoment(0);
  moment.end();
  expect(moment.observe(1_000, () => 0)).toBe(false);
});
