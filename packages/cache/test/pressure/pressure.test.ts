import { Cache, entryOverheadBytes, governLruCache } from '@plimsoll/cache';
import {
  enforceHolderBudget,
  listHolders,
  mib,
  type PressureLevel,
  publishPressure,
  reclaim,
  setHolderBudget,
} from '@plimsoll/memory';
import { LRUCache } from 'lru-cache';
import { afterEach, describe, expect, it } from 'vitest';

let level: PressureLevel = 'normal';

function press(to: PressureLevel): void {
  const previousLevel = level;
  level = to;
  publishPressure({
    level,
    previousLevel,
    headroomBytes: 0,
    workingSetBytes: 0,
    limitBytes: 0,
    reason: 'a test',
  });
}

const open: Disposable[] = [];
const own = <T extends Disposable>(thing: T): T => {
  open.push(thing);
  return thing;
};

afterEach(() => {
  press('normal');
  setHolderBudget(undefined);
  for (const thing of open.splice(0)) thing[Symbol.dispose]();
});

describe('under pressure', () => {
  it('gives back half of 1 MB when asked, stays there for 5 s, and is at its bound again 10 s later', () => {
    let nowMs = 0;
    const cache = own(
      new Cache<number, string>({ maxBytes: 1_000_000, weigher: () => 952, clock: () => nowMs }),
    );
    let key = 0;
    const fill = (): void => {
      for (let count = 0; count < 2_000; count++) cache.set(key++, 'x');
    };
    fill();
    expect(cache.bytes()).toBe(1_000_000);
    expect(cache.reclaim(500_000)).toBe(500_000);
    fill();
    nowMs = 4_999;
    fill();
    expect(cache.bytes()).toBe(500_000);
    for (nowMs = 5_000; nowMs <= 15_000; nowMs += 500) fill();
    expect(cache.bytes()).toBe(1_000_000);
  });

  it('lets only keys in that are asked for twice while memory is elevated and the cache is full', () => {
    const cache = own(new Cache<number, number>({ maxCount: 100 }));
    for (let key = 0; key < 200; key++) cache.set(key, key);
    press('elevated');
    const before = cache.stats().rejections;
    for (let key = 1_000; key < 1_100; key++) cache.set(key, key);
    // The sketch may take a stranger or two for a known key.
    const refused = cache.stats().rejections - before;
    expect(refused).toBeGreaterThan(90);
    for (let key = 1_000; key < 1_100; key++) cache.set(key, key);
    expect(cache.stats().rejections - before).toBe(refused);
    expect(cache.get(1_099)).toBe(1_099);
  });

  it('shrinks to half at critical and to a tenth at terminal, 64 entries a write at most', () => {
    let nowMs = 0;
    const cache = own(new Cache<number, number>({ maxCount: 1_000, clock: () => nowMs }));
    for (let key = 0; key < 1_000; key++) cache.set(key, key);
    press('critical');
    cache.set(0, 0);
    cache.set(1_001, 0, { pinned: true });
    expect(cache.size).toBeGreaterThan(900);
    for (let key = 0; key < 20; key++) cache.set(2_000 + key, 0, { pinned: true });
    expect(cache.size).toBe(500);
    press('terminal');
    for (let key = 0; key < 20; key++) cache.set(3_000 + key, 0, { pinned: true });
    expect(cache.size).toBe(100);
    press('normal');
    for (nowMs = 0; nowMs < 30_000; nowMs += 1_000) {
      for (let key = 0; key < 200; key++) cache.set(nowMs + 10_000 + key, 0);
    }
    expect(cache.size).toBe(1_000);
  });

  it('is asked last when it is read most: the idle one of two caches gives its bytes first', () => {
    let nowMs = 0;
    const clock = (): number => nowMs;
    const options = { maxBytes: 1_000_000, weigher: () => 952, clock };
    const busy = own(new Cache<number, string>({ ...options, name: 'busy' }));
    const idle = own(new Cache<number, string>({ ...options, name: 'idle' }));
    for (let key = 0; key < 500; key++) {
      busy.set(key, 'x');
      idle.set(key, 'x');
    }
    for (let count = 0; count < 5_000; count++) busy.get(count % 500);
    nowMs = 1_000;
    expect(busy.cost()).toBeGreaterThan(idle.cost());
    reclaim(300_000);
    expect([busy.bytes(), idle.bytes()]).toEqual([500_000, 200_000]);
  });

  it('keeps to a share of the budget, and follows it when it changes', () => {
    setHolderBudget(1_000_000);
    const cache = own(new Cache<number, string>({ shareRatio: 0.25, weigher: () => 952 }));
    for (let key = 0; key < 1_000; key++) cache.set(key, 'x');
    expect(cache.bytes()).toBe(250_000);
    setHolderBudget(400_000);
    for (let key = 0; key < 1_000; key++) cache.set(key, 'x');
    expect(cache.bytes()).toBe(100_000);
    setHolderBudget(50_000);
    enforceHolderBudget();
    expect(cache.bytes()).toBe(50_000);
  });

  it('is listed among the holders until it is disposed, or collected', () => {
    const cache = new Cache<number, string>({ maxBytes: mib(1), name: 'listed cache' });
    cache.set(1, 'x');
    expect(listHolders().find(({ name }) => name === 'listed cache')?.bytes).toBe(cache.bytes());
    cache[Symbol.dispose]();
    expect(listHolders().some(({ name }) => name === 'listed cache')).toBe(false);
  });
});

describe('governLruCache', () => {
  it('counts an lru-cache in bytes within 5 %, and evicts its oldest when asked', () => {
    const evicted: number[] = [];
    const lru = new LRUCache<number, string>({
      max: 1_000,
      dispose: (_value, key, reason) => {
        if (reason === 'evict') evicted.push(key);
      },
    });
    const text = (key: number): string => Buffer.alloc(900 + (key % 200), 'x').toString('latin1');
    for (let key = 0; key < 1_000; key++) lru.set(key, text(key));
    const holder = own(governLruCache(lru, { name: 'sessions' }));
    let real = 0;
    for (let key = 0; key < 1_000; key++) real += 16 + 48 + 900 + (key % 200);
    expect(Math.abs(holder.bytes() - real) / real).toBeLessThan(0.05);
    expect(listHolders().some(({ name }) => name === 'sessions')).toBe(true);
    reclaim(100_000);
    expect(evicted.length).toBeGreaterThan(90);
    expect(evicted.length).toBeLessThan(110);
    expect(evicted).toEqual(evicted.toSorted((a, b) => a - b));
    expect(lru.size).toBe(1_000 - evicted.length);
  });

  it('gives back entries past their TTL, which lru-cache holds and does not show', async () => {
    const lru = new LRUCache<number, string>({ max: 100, ttl: 1 });
    for (let key = 0; key < 100; key++) lru.set(key, 'x');
    const holder = own(governLruCache(lru));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(lru.size).toBe(100);
    expect(holder.reclaim(1e9)).toBeGreaterThanOrEqual(100 * entryOverheadBytes);
    expect(lru.size).toBe(0);
  });

  it('survives a `dispose` that throws, for which lru-cache does not let go of the entry', () => {
    const lru = new LRUCache<number, string>({
      max: 10,
      dispose: () => {
        throw new Error('a fault of the listener');
      },
    });
    lru.set(1, 'x');
    expect(own(governLruCache(lru)).reclaim(1)).toBe(0);
    expect(lru.size).toBe(1);
  });

  it('survives a weigher that throws, and refuses what is no lru-cache', () => {
    const lru = new LRUCache<number, string>({ max: 10 });
    lru.set(1, 'x');
    const holder = own(
      governLruCache(lru, {
        weigher: () => {
          throw new Error('a fault of the weigher');
        },
      }),
    );
    expect(holder.bytes()).toBeGreaterThan(0);
    expect(holder.reclaim(1)).toBeGreaterThan(0);
    expect(lru.size).toBe(0);
    expect(() => governLruCache(new Map() as never)).toThrow(/expected an LRUCache/);
  });
});
