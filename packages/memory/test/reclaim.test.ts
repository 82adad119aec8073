import { expect, test } from 'vitest';
import { listHolders, reclaim, registerHolder } from '../src/index.ts';

function holder(name: string, held: number, cost: number) {
  return {
    name,
    cost,
    held,
    bytes() {
      return this.held;
    },
    reclaim(targetBytes: number) {
      this.held -= targetBytes;
      return targetBytes;
    },
  };
}

test('the cheapest bytes go first, a holder at a time, until the target is met', () => {
  const dear = holder('dear', 1000, 5);
  const cheap = holder('cheap', 300, 0);
  const middle = holder('middle', 1000, 1);
  using _a = registerHolder(dear);
  using _b = registerHolder(cheap);
  using _c = registerHolder(middle);
  const result = reclaim(500);
  expect(
    result.holders.map(({ name, askedBytes, measuredBytes }) => [name, askedBytes, measuredBytes]),
  ).toEqual([
    ['cheap', 300, 300],
    ['middle', 200, 200],
  ]);
  expect([dear.held, cheap.held, middle.held]).toEqual([1000, 0, 800]);
});

test('a holder that throws counts as nothing given back and the next is asked', () => {
  using _a = registerHolder({
    name: 'broken',
    cost: 0,
    bytes: () => 10,
    reclaim: () => {
      throw new Error('no');
    },
  });
  const good = holder('good', 10, 1);
  using _b = registerHolder(good);
  const result = reclaim(5);
  expect(result.returnedBytes).toBe(5);
  expect(result.holders[0]).toMatchObject({ name: 'broken', error: 'no', measuredBytes: 0 });
});

test('a disposed registration is no longer listed', () => {
  const registration = registerHolder(holder('gone', 1, 1));
  expect(listHolders()).toHaveLength(1);
  registration[Symbol.dispose]();
  expect(listHolders()).toHaveLength(0);
});

test('a weakly registered holder is forgotten when it is collected', async () => {
  (() => registerHolder(holder('weak', 1, 1), { weak: true }))();
  await new Promise((resolve) => setTimeout(resolve, 10));
  globalThis.gc?.();
  expect(listHolders()).toHaveLength(0);
});
