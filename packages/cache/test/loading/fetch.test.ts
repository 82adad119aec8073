import { Cache } from '@plimsoll/cache';
import { describe, expect, it } from 'vitest';

const later = async <T>(value: T, waitMs = 5): Promise<T> => {
  await new Promise((resolve) => setTimeout(resolve, waitMs));
  return value;
};

describe('fetch', () => {
  it('loads once for 100 who ask at the same time, and then not again', async () => {
    const cache = new Cache<string, number>({ maxCount: 10 });
    let loads = 0;
    const load = async (): Promise<number> => await later(++loads);
    const answers = await Promise.all(Array.from({ length: 100 }, () => cache.fetch('a', load)));
    expect(answers).toEqual(Array.from({ length: 100 }, () => 1));
    expect(await cache.fetch('a', load)).toBe(1);
    expect(cache.stats()).toMatchObject({ loads: 1, hits: 1, misses: 100 });
  });

  it('does not keep a failure, unless failureTtlMs says for how long', async () => {
    let nowMs = 0;
    const cache = new Cache<string, number>({ maxCount: 10, clock: () => nowMs });
    let loads = 0;
    const fail = (): never => {
      throw new Error(`failure ${++loads}`);
    };
    await expect(cache.fetch('a', fail)).rejects.toThrow('failure 1');
    await expect(cache.fetch('a', fail, { failureTtlMs: 100 })).rejects.toThrow('failure 2');
    await expect(cache.fetch('a', fail)).rejects.toThrow('failure 2');
    expect(cache.get('a')).toBeUndefined();
    expect(cache.has('a')).toBe(false);
    expect([...cache]).toEqual([]);
    nowMs = 100;
    await expect(cache.fetch('a', fail)).rejects.toThrow('failure 3');
    expect(cache.stats().loadFailures).toBe(3);
  });

  it('remembers an absence for negativeTtlMs', async () => {
    let nowMs = 0;
    const cache = new Cache<string, number>({ maxCount: 10, clock: () => nowMs });
    let loads = 0;
    const none = (): undefined => void loads++;
    await cache.fetch('a', none);
    await cache.fetch('a', none, { negativeTtlMs: 100 });
    expect(await cache.fetch('a', none)).toBeUndefined();
    expect(loads).toBe(2);
    expect(cache.has('a')).toBe(false);
    nowMs = 100;
    expect(await cache.fetch('a', () => 5)).toBe(5);
  });

  it('serves a stale value for 50 ms while it loads the new one', async () => {
    let nowMs = 0;
    const cache = new Cache<string, number>({
      maxCount: 10,
      ttlMs: 100,
      staleWhileRevalidateMs: 50,
      clock: () => nowMs,
    });
    cache.set('a', 1);
    nowMs = 120;
    expect(cache.get('a')).toBeUndefined();
    const seen: unknown[] = [];
    expect(
      await cache.fetch('a', async (_key, { staleValue }) => {
        seen.push(staleValue);
        return await later(2);
      }),
    ).toBe(1);
    await later(undefined, 20);
    expect(cache.get('a')).toBe(2);
    expect(seen).toEqual([1]);
    nowMs = 300;
    expect(await cache.fetch('a', () => 3)).toBe(3);
    expect(cache.stats().staleHits).toBe(1);
  });

  it('loads ahead once 80 % of the TTL is over, and serves the old value meanwhile', async () => {
    let nowMs = 0;
    const cache = new Cache<string, number>({ maxCount: 10, ttlMs: 100, clock: () => nowMs });
    cache.set('a', 1);
    let loads = 0;
    const load = (): number => 1 + ++loads;
    nowMs = 79;
    expect(await cache.fetch('a', load, { refreshAheadRatio: 0.8 })).toBe(1);
    expect(loads).toBe(0);
    nowMs = 80;
    expect(await cache.fetch('a', load, { refreshAheadRatio: 0.8 })).toBe(1);
    await later(undefined);
    expect(cache.get('a')).toBe(2);
    nowMs = 150;
    expect(cache.get('a')).toBe(2);
  });

  it('lets one of two callers leave, and ends the load when both have left', async () => {
    const cache = new Cache<string, number>({ maxCount: 10 });
    const signals: AbortSignal[] = [];
    const load = async (_key: string, { signal }: { readonly signal: AbortSignal }): Promise<number> => {
      signals.push(signal);
      return await later(7, 40);
    };
    const one = new AbortController();
    const two = new AbortController();
    const first = cache.fetch('a', load, { signal: one.signal });
    const second = cache.fetch('a', load, { signal: two.signal });
    one.abort();
    await expect(first).rejects.toMatchObject({ code: 'ERR_PLIMSOLL_ABORTED' });
    expect(signals[0]?.aborted).toBe(false);
    expect(await second).toBe(7);
    const third = cache.fetch('b', load, { signal: two.signal });
    two.abort();
    await expect(third).rejects.toMatchObject({ code: 'ERR_PLIMSOLL_ABORTED' });
    expect(signals).toHaveLength(2);
    expect(signals[1]?.aborted).toBe(true);
    await later(undefined, 50);
    expect(cache.has('b')).toBe(false);
    await expect(cache.fetch('c', load, { signal: two.signal })).rejects.toMatchObject({
      code: 'ERR_PLIMSOLL_ABORTED',
    });
  });

  it('does not overwrite what was set, or bring back what was deleted, while it loaded', async () => {
    const cache = new Cache<string, number>({ maxCount: 10 });
    const slow = cache.fetch('a', () => later(1, 20));
    const gone = cache.fetch('b', () => later(1, 20));
    const cleared = cache.fetch('c', () => later(1, 40));
    cache.set('a', 2);
    cache.delete('b');
    expect([await slow, await gone]).toEqual([1, 1]);
    expect(cache.get('a')).toBe(2);
    expect(cache.has('b')).toBe(false);
    cache.clear();
    expect(await cleared).toBe(1);
    expect(cache.size).toBe(0);
  });

  it('keeps a value as long as the loader says, and not at all for 0 ms', async () => {
    let nowMs = 0;
    const cache = new Cache<string, number>({ maxCount: 10, ttlMs: 1_000, clock: () => nowMs });
    await cache.fetch('a', (_key, { keepFor }) => {
      keepFor(10);
      return 1;
    });
    await cache.fetch('b', (_key, { keepFor }) => {
      keepFor(0);
      return 1;
    });
    expect(cache.has('b')).toBe(false);
    nowMs = 9;
    expect(cache.get('a')).toBe(1);
    nowMs = 10;
    expect(cache.get('a')).toBeUndefined();
  });

  it('refreshes ahead by the life the entry was given, not by that of the cache: at 80 ms of 100, not at 10', async () => {
    let nowMs = 0;
    const cache = new Cache<string, number>({ maxCount: 10, ttlMs: 60_000, clock: () => nowMs });
    const idle = new Cache<string, number>({ maxCount: 10, idleTtlMs: 60_000, clock: () => nowMs });
    for (const each of [cache, idle]) {
      nowMs = 0;
      let loads = 0;
      const load = (_key: string, { keepFor }: { readonly keepFor: (ttlMs: number) => void }): number => {
        keepFor(100);
        return ++loads;
      };
      const options = { refreshAheadRatio: 0.8 };
      await each.fetch('a', load, options);
      for (nowMs = 10; nowMs < 80; nowMs += 10) await each.fetch('a', load, options);
      expect(loads).toBe(1);
      expect(await each.fetch('a', load, options)).toBe(1);
      await later(undefined, 1);
      expect(loads).toBe(2);
      expect(each.get('a')).toBe(2);
    }
  });
});
