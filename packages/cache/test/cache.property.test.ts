import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Cache, deadlineBytes, entryOverheadBytes } from '@plimsoll/cache';

interface Kept {
  readonly value: object;
  readonly weight: number;
  readonly deadlineMs: number;
  pinned: boolean;
}

type Step = readonly [action: number, key: number, amount: number];

const steps = fc.array(fc.tuple(fc.nat(99), fc.nat(40), fc.nat(1_000)), {
  minLength: 2_000,
  maxLength: 2_000,
});

/** `expect` would be most of the time of a million steps. */
function same(actual: unknown, expected: unknown): void {
  if (!Object.is(actual, expected)) throw new Error(`${String(actual)} is not ${String(expected)}`);
}

/** Runs `script` against a cache and a Map that is told of every removal, and compares the two after every step. */
function compare(script: readonly Step[], policy: 'adaptive' | 'lru', keyOf: (key: number) => unknown): void {
  let nowMs = 0;
  const model = new Map<unknown, Kept>();
  const disposed = new Set<object>();
  const maxBytes = 4_000;
  const cache = new Cache<unknown, { readonly id: number; [Symbol.dispose](): void }>({
    maxBytes,
    maxCount: 25,
    policy,
    disposeValues: true,
    clock: () => nowMs,
    weigher: (value) => value.id % 300,
    onRemove: (key, value, reason) => {
      // What is just being set is not in the model yet: the write may evict it again.
      if (reason === 'reject' || value === written) return;
      const kept = model.get(key);
      if (reason !== 'replace') same(kept?.value, value);
      if (kept?.pinned === true) same(reason === 'evict', false);
      if (reason === 'expire') same((kept?.deadlineMs ?? 0) <= nowMs, true);
      if (kept?.value === value) model.delete(key);
    },
  });
  let id = 0;
  let written: object | undefined;
  for (const [action, number, amount] of script) {
    const key = keyOf(number);
    const kept = model.get(key);
    const isFresh = kept !== undefined && nowMs < kept.deadlineMs;
    if (action < 45) {
      const value = { id: id++, [Symbol.dispose]: () => void disposed.add(value) };
      written = value;
      const isTimed = amount % 4 === 0;
      const weight = (value.id % 300) + entryOverheadBytes + (isTimed ? deadlineBytes : 0);
      const deadlineMs = isTimed ? nowMs + amount + 1 : Infinity;
      const before = cache.stats().rejections;
      const isPinned = amount % 97 === 0;
      cache.set(key, value, { pinned: isPinned, ...(isTimed ? { ttlMs: amount + 1 } : {}) });
      written = undefined;
      const isIn = cache.stats().rejections === before && cache.has(key);
      if (isIn) model.set(key, { value, weight, deadlineMs, pinned: isPinned });
      else same(model.has(key) && model.get(key)?.value === value, false);
    } else if (action < 80) {
      same(cache.get(key), isFresh ? kept.value : undefined);
    } else if (action < 85) {
      same(cache.peek(key), isFresh ? kept.value : undefined);
      same(cache.has(key), isFresh);
    } else if (action < 90) {
      same(cache.delete(key), isFresh);
      same(model.has(key), false);
    } else if (action < 93) {
      const before = cache.bytes();
      const returned = cache.reclaim(amount);
      same(returned, before - cache.bytes());
    } else if (action < 95 && isFresh) {
      cache.pin(key);
      kept.pinned = true;
    } else if (action < 97 && isFresh) {
      cache.unpin(key);
      kept.pinned = false;
    } else if (action < 99) nowMs += amount;
    else if (amount < 50) cache.clear();
    same(cache.stats().listenerFaults, 0);
    let bytes = 0;
    for (const { weight } of model.values()) bytes += weight;
    same(cache.bytes(), bytes);
    same(cache.size, model.size);
    same(cache.size <= 25, true);
    same(cache.bytes() <= maxBytes, true);
    for (const { value } of model.values()) same(disposed.has(value), false);
  }
  const fresh = [...model].filter(([, entry]) => nowMs < entry.deadlineMs).map(([key]) => key);
  expect(new Set(cache.keys())).toEqual(new Set(fresh));
}

const objects = Array.from({ length: 41 }, (_, index) => ({ index }));

describe('against a Map that is told of every removal', () => {
  const kinds: readonly (readonly [string, (key: number) => unknown])[] = [
    ['numbers', (key) => key * 0.5],
    ['strings', (key) => `key ${key}`],
    ['objects', (key) => objects[key]],
    ['a mix', (key) => [key, `key ${key}`, objects[key]][key % 3]],
  ];
  it.each(kinds)('agrees over 300,000 steps with %s as keys (adaptive)', (_name, keyOf) => {
    fc.assert(
      fc.property(steps, (script) => compare(script, 'adaptive', keyOf)),
      { numRuns: 150, endOnFailure: true },
    );
  });
  it('agrees over 200,000 steps with lru-cache as the order', () => {
    fc.assert(
      fc.property(steps, (script) => compare(script, 'lru', (key) => `key ${key}`)),
      { numRuns: 100, endOnFailure: true },
    );
  });
});

describe('at size', () => {
  it.each(['number', 'string'] as const)(
    'agrees with a Map over 1,000,000 steps of %s keys through growth, moving and removal',
    (kind) => {
      const cache = new Cache<string | number, number>({ maxCount: 50_000 });
      const model = new Map<string | number, number>();
      const removing = new Cache<string | number, number>({
        maxCount: 50_000,
        onRemove: (key) => void model.delete(key),
      });
      cache[Symbol.dispose]();
      let seed = 42;
      for (let step = 0; step < 1_000_000; step++) {
        seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) | 0;
        const id = (seed >>> 8) % 90_000;
        const key = kind === 'number' ? id * 3 : `k${id}`;
        const action = (seed >>> 3) & 7;
        if (action < 4) {
          removing.set(key, step);
          model.set(key, step);
        } else if (action < 7) {
          if (removing.get(key) !== model.get(key)) expect.unreachable(`step ${step}: ${key}`);
        } else if (removing.delete(key) !== false && model.has(key)) expect.unreachable(`step ${step}`);
      }
      expect(removing.size).toBe(model.size);
      for (const [key, value] of removing) same(model.get(key), value);
    },
  );
});
