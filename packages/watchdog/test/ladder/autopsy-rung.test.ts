import { mib } from '@plimsoll/memory';
import { expect, test } from 'vitest';
import { AutopsyRung } from '../../src/ladder/autopsy-rung.ts';
import { sampleOf } from '../sample.ts';
import { momentOf, seriesOf, trendOf } from './moment.ts';

const terms = { isOn: true, headroomBytes: mib(24) };
const left = (headroomMib: number, slopeMibPerSecond = 0): ReturnType<typeof momentOf> =>
  momentOf({
    sample: sampleOf({ headroomBytes: mib(headroomMib) }),
    trend: trendOf({
      workingSet: seriesOf({ series: 'working-set', slopeBytesPerSecond: mib(slopeMibPerSecond) }),
    }),
  });

test.each([
  [25, 0, false],
  [23, 0, true],
  [60, 20, false],
  [50, 20, true],
  [25, -20, false],
])('%i MiB left, growing by %i MiB/s: it is now or never: %s', (headroomMib, slope, expected) => {
  const rung = new AutopsyRung(terms);
  expect([rung.isLastChance(left(headroomMib, slope)), rung.isDue(left(headroomMib, slope))]).toEqual([
    expected,
    expected,
  ]);
});

test('the last chance is taken once an episode, and so is each deep level', () => {
  const rung = new AutopsyRung(terms);
  const now = { ...left(10), level: 'critical' } as const;
  expect(rung.isDue(now)).toBe(true);
  rung.make(now, undefined);
  expect([rung.isLastChance(now), rung.isDue(now), rung.isDue({ ...now, level: 'terminal' })]).toEqual([
    false,
    false,
    true,
  ]);
  rung.reset();
  expect([rung.isLastChance(now), rung.isDue(now)]).toEqual([true, true]);
});

test('switched off, nothing is due', () => {
  const rung = new AutopsyRung({ ...terms, isOn: false });
  expect(rung.isDue({ ...left(10), level: 'terminal' })).toBe(false);
});
