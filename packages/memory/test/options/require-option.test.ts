import { expect, test } from 'vitest';
import {
  countRange,
  durationRange,
  requireCount,
  requireFunction,
  requireWord,
  withDefaults,
} from '../../src/holders.ts';

test.each([
  [0, '0'],
  [1.5, '1.5'],
  [2 ** 31, '2147483648'],
  ['5', '"5"'],
  [{ secret: 1 }, 'an object'],
  [undefined, 'undefined'],
])('a duration of %j is refused with the option, the value, the range and what to do', (value, shown) => {
  expect(() => requireCount('idleMs', value, durationRange)).toThrow(
    `idleMs is ${shown}; expected a whole number from 1 to 2147483647, or Infinity. Give milliseconds.`,
  );
});

test('Infinity is a duration and not a count', () => {
  expect(requireCount('idleMs', Number.POSITIVE_INFINITY, durationRange)).toBe(Number.POSITIVE_INFINITY);
  expect(() => requireCount('count', Number.POSITIVE_INFINITY, countRange)).toThrow('count is Infinity');
  expect(requireCount('count', 1, countRange)).toBe(1);
});

test('a word that is none of the choices, and what is no function, are refused by name', () => {
  expect(requireWord('mode', 'off', ['on', 'off'])).toBe('off');
  expect(() => requireWord('mode', 'of', ['on', 'off'])).toThrow('mode is "of"; expected one of on, off.');
  expect(requireFunction('create', Date.now)).toBe(Date.now);
  expect(() => requireFunction('create', null)).toThrow('create is null; expected a function.');
});

test('a member that is undefined has its default', () => {
  expect(withDefaults({ a: 1, b: 2 }, { a: undefined, b: 3 })).toEqual({ a: 1, b: 3 });
});
