import { describe, expect, it } from 'vitest';
import { Cache, type CacheOptions, entryOverheadBytes, type RemovalReason } from '@plimsoll/cache';

type Removal = readonly [key: unknown, value: unknown, reason: RemovalReason];

function recording<K, V>(options: CacheOptions<K, V>): { cache: Cache<K, V>; removals: Removal[] } {
  const removals: Removal[] = [];
  const cache = new Cache<K, V>({
    ...options,
    onRemove: (key, value, reason) => removals.push([key, value, reason]),
  });
  return { cache, removals };
}

describe.each(['adaptive', 'lru'] as const)('policy %s', (policy) => {
  it('keeps what it is given, by every kind of key', () => {
    const cache = new Cache<unknown, string>({ maxCount: 100, policy });
    const object = {};
    const symbol = Symbol('key');
    const keys = ['text', 'x'.repeat(100), 1, 1.5, -7, 2 ** 40, object, symbol, 10n, true, null, undefined];
    for (const [at, key] of keys.entries()) cache.set(key, `value ${at}`);
    for (const [at, key] of keys.entries()) expect(cache.get(key)).toBe(`value ${at}`);
    expect(cache.get({})).toBeUndefined();
    expect(cache.size).toBe(keys.length);
    expect(new Set(cache.keys())).toEqual(new Set(keys));
  });

  it('takes NaN for NaN and −0 for 0, as Map does', () => {
    const cache = new Cache<number, string>({ maxCount: 10, policy });
    cache.set(Number.NaN, 'nan').set(-0, 'zero');
    expect(cache.get(Number.NaN)).toBe('nan');
    expect(cache.get(0)).toBe('zero');
    expect(cache.delete(0)).toBe(true);
    expect(cache.has(-0)).toBe(false);
  });

  it('never holds more than 10 entries when the bound is 10', () => {
    const { cache, removals } = recording<number, number>({ maxCount: 10, policy });
    for (let key = 0; key < 1_000; key++) {
      cache.set(key, key);
      expect(cache.size).toBeLessThanOrEqual(10);
    }
    expect(removals.length).toBe(990);
    expect(removals.every(([key, value, reason]) => key === value && reason === 'evict')).toBe(true);
  });

  it('never holds more than 10 kB of weight, and says what it holds', () => {
    const cache = new Cache<number, string>({ maxBytes: 10_000, weigher: () => 952, policy });
    for (let key = 0; key < 100; key++) cache.set(key, 'x');
    expect(cache.size).toBe(10);
    expect(cache.bytes()).toBe(10 * (952 + entryOverheadBytes));
    cache.set(200, 'x', { weightBytes: 4_952 });
    expect(cache.bytes()).toBe(10_000);
    expect(cache.size).toBe(6);
  });

  it('rejects what is heavier than the bound, and drops what the key had', () => {
    const { cache, removals } = recording<string, string>({ maxBytes: 1_000, policy });
    cache.set('a', 'small').set('a', 'large', { weightBytes: 1_001 });
    expect(cache.has('a')).toBe(false);
    cache.set('b', 'huge', { weightBytes: 2 ** 40 });
    expect(removals).toEqual([
      ['a', 'small', 'replace'],
      ['a', 'large', 'reject'],
      ['b', 'huge', 'reject'],
    ]);
    expect(cache.bytes()).toBe(0);
    expect(cache.stats().rejections).toBe(2);
  });

  it('says why an entry left', () => {
    let nowMs = 0;
    const { cache, removals } = recording<string, number>({
      maxCount: 2,
      ttlMs: 100,
      clock: () => nowMs,
      policy,
    });
    cache.set('a', 1).set('a', 2);
    cache.delete('a');
    cache.set('b', 3);
    nowMs = 100;
    expect(cache.get('b')).toBeUndefined();
    cache.set('c', 4);
    cache.clear();
    expect(removals).toEqual([
      ['a', 1, 'replace'],
      ['a', 2, 'invalidate'],
      ['b', 3, 'expire'],
      ['c', 4, 'invalidate'],
    ]);
  });

  it('keeps pinned entries through 1,000 insertions, and refuses what only they would make room for', () => {
    const { cache, removals } = recording<string, number>({ maxCount: 4, policy });
    cache.set('pinned', 0, { pinned: true });
    for (let key = 0; key < 1_000; key++) cache.set(`k${key}`, key);
    expect(cache.get('pinned')).toBe(0);
    for (const key of cache.keys()) cache.pin(key);
    cache.set('late', 1);
    expect(removals.at(-1)).toEqual(['late', 1, 'reject']);
    expect(cache.unpin('pinned')).toBe(true);
    cache.set('late', 1);
    expect(removals.at(-1)).toEqual(['pinned', 0, 'evict']);
  });

  it('expires 100 ms after the write, or 50 ms after the last read, whichever comes first', () => {
    let nowMs = 1_000;
    const cache = new Cache<string, number>({
      maxCount: 10,
      ttlMs: 100,
      idleTtlMs: 50,
      clock: () => nowMs,
      policy,
    });
    cache.set('read', 1).set('idle', 2).set('own', 3, { ttlMs: 20 });
    nowMs = 1_020;
    expect(cache.get('own')).toBeUndefined();
    nowMs = 1_049;
    expect(cache.get('read')).toBe(1);
    nowMs = 1_050;
    expect(cache.get('idle')).toBeUndefined();
    expect(cache.peek('read')).toBe(1);
    nowMs = 1_098;
    expect(cache.get('read')).toBe(1);
    nowMs = 1_100;
    expect(cache.get('read')).toBeUndefined();
    expect(cache.size).toBe(0);
  });

  it('stands still while the clock goes backwards', () => {
    let nowMs = 1_000;
    const cache = new Cache<string, number>({ maxCount: 10, ttlMs: 100, clock: () => nowMs, policy });
    cache.set('a', 1);
    nowMs = -1e12;
    expect(cache.get('a')).toBe(1);
    cache.set('b', 2);
    nowMs = 1_100;
    expect(cache.get('a')).toBeUndefined();
    expect(cache.get('b')).toBeUndefined();
  });

  it('lets a listener use the cache, and survives one that throws', () => {
    const seen: unknown[] = [];
    const cache: Cache<number, number> = new Cache<number, number>({
      maxCount: 3,
      policy,
      onRemove: (key, _value, reason) => {
        seen.push([key, reason]);
        if (seen.length < 20) cache.set(key + 1_000, key);
        if (seen.length === 5) throw new Error('a fault of the listener');
      },
    });
    for (let key = 0; key < 10; key++) cache.set(key, key);
    expect(cache.size).toBe(3);
    expect(seen.length).toBeGreaterThanOrEqual(20);
    expect(cache.stats().listenerFaults).toBe(1);
  });

  it('ends a write although its listener puts back what it evicts, and counts that as a fault', () => {
    const cache: Cache<number, number> = new Cache<number, number>({
      maxCount: 3,
      policy,
      onRemove: (key, value, reason) => {
        if (reason === 'evict') cache.set(key, value);
      },
    });
    for (let key = 0; key < 5; key++) cache.set(key, key);
    expect(cache.size).toBe(3);
    expect(cache.stats().listenerFaults).toBe(2);
  });

  it('disposes values that leave, once each', () => {
    const disposed: number[] = [];
    const value = (id: number): Disposable => ({ [Symbol.dispose]: () => void disposed.push(id) });
    const cache = new Cache<number, Disposable>({ maxCount: 2, disposeValues: true, policy });
    const kept = value(0);
    cache.set(0, kept).set(0, kept);
    expect(disposed).toEqual([]);
    for (let id = 1; id < 6; id++) cache.set(id, value(id));
    cache[Symbol.dispose]();
    expect(disposed.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('uses the built-in weigher when the given one throws or answers nonsense', () => {
    const answers = [Number.NaN, -1, Infinity];
    const cache = new Cache<number, string>({
      maxBytes: 10_000,
      policy,
      weigher: () => {
        const answer = answers.pop();
        if (answer === undefined) throw new Error('a fault of the weigher');
        return answer;
      },
    });
    for (let key = 0; key < 4; key++) cache.set(key, 'value');
    expect(cache.stats().weigherFaults).toBe(3);
    expect(cache.size).toBe(3);
    expect(cache.stats().rejections).toBe(1);
    expect(cache.bytes()).toBe(3 * (24 + entryOverheadBytes));
  });

  it('is empty and refuses writes after disposal', () => {
    const cache = new Cache<string, number>({ maxCount: 2, policy, name: 'users' });
    cache.set('a', 1);
    cache[Symbol.dispose]();
    expect(cache.get('a')).toBeUndefined();
    expect(() => cache.set('a', 1)).toThrow(expect.objectContaining({ code: 'ERR_PLIMSOLL_DISPOSED' }));
  });

  it('counts what happened', () => {
    const cache = new Cache<string, number>({ maxCount: 2, policy });
    cache.set('a', 1).set('b', 2).set('b', 3).set('c', 4);
    cache.get('c');
    cache.get('nothing');
    const stats = cache.stats();
    expect(stats).toMatchObject({ count: 2, hits: 1, misses: 1, hitRatio: 0.5, admissions: 3, evictions: 1 });
    expect(stats.bytes).toBe(2 * (entryOverheadBytes + 24));
    cache.clear();
    expect(cache.stats()).toMatchObject({ hits: 1, count: 0, bytes: 0 });
  });
});

describe('options', () => {
  it.each([
    [{}, 'maxBytes'],
    [{ maxBytes: 0 }, 'maxBytes'],
    [{ maxCount: 1.5 }, 'maxCount'],
    [{ shareRatio: 2 }, 'shareRatio'],
    [{ maxCount: 1, ttlMs: 0 }, 'ttlMs'],
    [{ maxCount: 1, policy: 'lfu' }, 'policy'],
    [{ maxCount: 1, weigher: 5 }, 'weigher'],
  ])('%o is refused by the name of the option', (options, option) => {
    expect(() => new Cache(options as unknown as CacheOptions<string, string>)).toThrow(
      expect.objectContaining({
        code: 'ERR_PLIMSOLL_OPTION',
        details: expect.objectContaining({ option }),
      }),
    );
  });

  it('a cache without a bound is a type error', () => {
    // @ts-expect-error: no bound
    expect(() => new Cache<string, string>({ ttlMs: 5 })).toThrow(/a bound/);
  });
});
