import { Cache } from '@plimsoll/cache';
import { LRUCache } from 'lru-cache';
import { describe, expect, it } from 'vitest';

/** Hits of a trace in percent, asking and keeping what is missing. */
function hitPercent(
  cache: { get(key: number): unknown; set(key: number, value: number): unknown },
  trace: readonly number[],
): number {
  let hits = 0;
  for (const key of trace) {
    if (cache.get(key) === undefined) cache.set(key, key);
    else hits++;
  }
  return (100 * hits) / trace.length;
}

function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return (state >>> 0) / 2 ** 32;
  };
}

const repeat = (times: number, part: () => readonly number[]): number[] =>
  Array.from({ length: times }, part).flat();
const range = (start: number, count: number): number[] =>
  Array.from({ length: count }, (_, at) => start + at);

/** Each key twice, the second time 100 new keys later. */
const echo = (start: number, count: number): number[] =>
  range(start, count).flatMap((key) => (key < start + 100 ? [key] : [key, key - 100]));

function zipf(count: number, keyCount: number, offset = 0): number[] {
  const next = random(11);
  return Array.from({ length: count }, () => offset + ((Math.floor(keyCount ** next()) * 7_919) % keyCount));
}

/** Distances of a move-to-front list: recency is everything. */
function recent(count: number, meanDistance: number): number[] {
  const next = random(5);
  const stack: number[] = [];
  return Array.from({ length: count }, () => {
    const distance = Math.floor(-Math.log(1 - next()) * meanDistance);
    const key =
      distance >= stack.length ? stack.length : (stack.splice(stack.length - 1 - distance, 1)[0] ?? 0);
    stack.push(key);
    return key;
  });
}

const traces: Readonly<Record<string, readonly number[]>> = {
  'a loop of 700': repeat(40, () => range(0, 700)),
  'a loop of 260, just above the bound': repeat(100, () => range(0, 260)),
  'a loop of 240, just below the bound': repeat(100, () => range(0, 240)),
  'a zigzag of 600': repeat(30, () => [...range(0, 600), ...range(0, 600).toReversed()]),
  'each key twice': echo(0, 20_000),
  'a skewed mix': zipf(60_000, 20_000),
  'a skewed mix with scans': repeat(6, () => [...zipf(8_000, 20_000), ...range(1e6, 4_000)]),
  'recency alone': recent(30_000, 150),
  'a shift: twice, then a loop, then twice again': [
    ...echo(1e6, 15_000),
    ...repeat(20, () => range(0, 700)),
    ...echo(2e6, 15_000),
  ],
};

describe('of 256 entries, the adaptive policy', () => {
  it.each(Object.entries(traces))('is never more than 2 points below LRU: %s', (_name, trace) => {
    const ours = hitPercent(new Cache<number, number>({ maxCount: 256 }), trace);
    const lru = hitPercent(new LRUCache<number, number>({ max: 256 }), trace);
    expect(ours).toBeGreaterThan(lru - 2);
  });

  it('keeps 30 % of a loop of 700 that LRU gets nothing of', () => {
    const trace = traces['a loop of 700'] ?? [];
    expect(hitPercent(new Cache<number, number>({ maxCount: 256 }), trace)).toBeGreaterThan(30);
    expect(hitPercent(new LRUCache<number, number>({ max: 256 }), trace)).toBe(0);
  });

  it('beats LRU by 5 points on a skewed mix with scans', () => {
    const trace = traces['a skewed mix with scans'] ?? [];
    const ours = hitPercent(new Cache<number, number>({ maxCount: 256 }), trace);
    const lru = hitPercent(new LRUCache<number, number>({ max: 256 }), trace);
    expect(ours - lru).toBeGreaterThan(5);
  });

  it('with `policy: lru` hits exactly what lru-cache hits', () => {
    for (const trace of Object.values(traces)) {
      const ours = hitPercent(new Cache<number, number>({ maxCount: 256, policy: 'lru' }), trace);
      expect(ours).toBe(hitPercent(new LRUCache<number, number>({ max: 256 }), trace));
    }
  });
});
