import { gib, mib } from '@plimsoll/memory';
import { expect, test } from 'vitest';
import { comparedLimits, compareSizings } from '../src/index.ts';

test('in 256 MiB V8’s default is killed and the 75 % rule is killed too', () => {
  expect(compareSizings({ limitBytes: mib(256), nodeMajor: 24 })).toEqual({
    limitBytes: mib(256),
    planned: { oldSpaceBytes: mib(169), verdict: 'fits' },
    byDefault: { oldSpaceBytes: mib(256), verdict: 'killed' },
    threeQuarters: { oldSpaceBytes: mib(192), verdict: 'killed' },
  });
});

test('50 MiB of Buffers leave the 75 % rule a kill in 256 MiB; in 8 GiB the default uses 2 of the 7.3 GiB that fit', () => {
  expect(
    compareSizings({ limitBytes: mib(256), externalBytes: mib(50), nodeMajor: 24 }).threeQuarters.verdict,
  ).toBe('killed');
  const { planned, byDefault } = compareSizings({ limitBytes: gib(8), nodeMajor: 24 });
  expect(planned?.oldSpaceBytes).toBe(mib(7479));
  expect(byDefault).toEqual({ oldSpaceBytes: gib(2), verdict: 'wasteful' });
});

test('15 limits from 128 MiB to 16 GiB are compared, and each has a plan that grows with it', () => {
  const plans = comparedLimits.map(
    (limitBytes) => compareSizings({ limitBytes, nodeMajor: 20 }).planned?.oldSpaceBytes ?? 0,
  );
  expect(plans).toHaveLength(15);
  expect(plans).toEqual(plans.toSorted((a, b) => a - b));
  expect(plans[0]).toBeGreaterThan(0);
});

test('where no heap fits there is no plan, and the others are still judged', () => {
  const { planned, byDefault } = compareSizings({ limitBytes: mib(64), nodeMajor: 24 });
  expect(planned).toBeUndefined();
  expect(byDefault.verdict).toBe('killed');
});
