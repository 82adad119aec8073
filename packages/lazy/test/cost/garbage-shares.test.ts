import { expect, test } from 'vitest';
import { GarbageShares } from '../../src/cost/garbage-shares.ts';

test('garbage is taken off in proportion to the growth since the last collection', () => {
  const shares = new GarbageShares();
  const booked = { a: 300, b: 100, c: -50 };
  for (const name of ['a', 'b', 'c'] as const) shares.add(booked[name], (bytes) => (booked[name] -= bytes));
  expect(shares.collect(200)).toBe(true);
  expect(booked).toEqual({ a: 150, b: 50, c: -50 });
  expect(shares.collect(10)).toBe(false);
  expect(booked).toEqual({ a: 150, b: 50, c: -50 });
});

test('shares are whole bytes and add up to the garbage', () => {
  const shares = new GarbageShares();
  const taken: number[] = [];
  for (let n = 0; n < 3; n += 1) shares.add(1, (bytes) => taken.push(bytes));
  shares.collect(100);
  expect(taken).toEqual([33, 34, 33]);
});
