import { expect, test } from 'vitest';
import { estimateSlope } from '../../src/trend/theil-sen.ts';

function slopeOf(values: readonly number[], seconds: readonly number[] = [...values.keys()]) {
  const times = Float64Array.from(seconds, (second) => second * 1000);
  const into = { slopePerSecond: 0, lowPerSecond: 0, highPerSecond: 0 };
  const scratch = new Float64Array((values.length * (values.length - 1)) / 2);
  estimateSlope(times, Float64Array.from(values), 0, values.length, scratch, into);
  return into;
}

test('a line of slope 3 has slope and bounds of 3', () => {
  expect(slopeOf([0, 3, 6, 9, 12, 15, 18, 21])).toEqual({
    slopePerSecond: 3,
    lowPerSecond: 3,
    highPerSecond: 3,
  });
});

test('2 wild points of 10 leave the slope of the others', () => {
  expect(slopeOf([0, 1, 2, 900, 4, 5, 6, -700, 8, 9]).slopePerSecond).toBe(1);
});

test('the seven points of Sen’s paper have slope 4, between 11/3 and 5', () => {
  // 21 slopes; spread 1.96 × √(7·6·19/18) = 13.05, so the bounds are the 3rd and the 19th.
  expect(slopeOf([9, 15, 19, 20, 45, 55, 78], [1, 2, 3, 4, 10, 12, 18])).toEqual({
    slopePerSecond: 4,
    lowPerSecond: 11 / 3,
    highPerSecond: 5,
  });
});

test('two points have a slope of 0 and no bounds', () => {
  expect(slopeOf([1, 2])).toEqual({
    slopePerSecond: 0,
    lowPerSecond: Number.NEGATIVE_INFINITY,
    highPerSecond: Number.POSITIVE_INFINITY,
  });
});
