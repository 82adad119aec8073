import { memoryUsage } from 'node:process';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Cache, weighKey, weighValue } from '@plimsoll/cache';
import { describe, expect, it } from 'vitest';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** A flat one-byte string of `length` that nobody else has. */
function text(seed: number, length: number): string {
  return Buffer.alloc(length, String(seed).padStart(8, '0')).toString('latin1');
}

function usedBytes(): number {
  for (let round = 0; round < 2; round++) collect();
  const { heapUsed, external } = memoryUsage();
  return heapUsed + external;
}

/** The fourteen shapes the weigher was measured on, and more. */
const shapes: Readonly<Record<string, (seed: number) => unknown>> = {
  'one-byte string of 100': (seed) => text(seed, 100),
  'two-byte string of 100': (seed) =>
    Buffer.alloc(200, Buffer.from(`${seed}жщ`.padStart(8, 'я'), 'utf16le')).toString('utf16le'),
  'one-byte string of 1,000': (seed) => text(seed, 1_000),
  'user object': (seed) => ({
    id: seed,
    name: text(seed, 16),
    email: text(seed, 24),
    score: seed / 7,
    active: true,
    tags: [text(seed, 9), text(seed + 1, 9)],
    address: { street: text(seed, 20), city: text(seed, 10), zip: seed },
  }),
  '100 small integers': (seed) => Array.from({ length: 100 }, (_, at) => seed + at),
  // Through JSON: Array.from may box doubles, after it has made arrays of objects elsewhere.
  '100 doubles': (seed) => JSON.parse(`[${Array.from({ length: 100 }, (_, at) => `${seed + at}.5`).join()}]`),
  '20 objects': (seed) =>
    Array.from({ length: 20 }, (_, at) => ({ id: seed, at, half: seed + 0.5, none: null })),
  'Map of 50': (seed) => new Map(Array.from({ length: 50 }, (_, at) => [at, seed + at])),
  'Set of 50 strings': (seed) => new Set(Array.from({ length: 50 }, (_, at) => text(seed * 50 + at, 12))),
  'dictionary of 50': (seed) => {
    const dictionary: Record<string, number> = {};
    for (let at = 0; at < 50; at++) dictionary[`k${seed}_${at}`] = at;
    return dictionary;
  },
  'Buffer of 1 KiB': () => Buffer.alloc(1_024),
  'Buffer of 20 KiB': () => Buffer.alloc(20_480),
  Date: (seed) => new Date(seed),
  'rows of JSON': (seed) =>
    JSON.parse(
      JSON.stringify({
        items: Array.from({ length: 12 }, (_, at) => ({ id: seed + at, type: 'product', price: at + 0.99 })),
        total: seed,
      }),
    ),
  'object with a parent for each of 20 children': (seed) => {
    const parent: { id: number; children: object[] } = { id: seed, children: [] };
    for (let at = 0; at < 20; at++) parent.children.push({ parent, at });
    return parent;
  },
  'array with one object six times': (seed) => {
    const shared = { text: text(seed, 100) };
    return [shared, shared, shared, shared, shared, shared];
  },
  'record of 40 columns': (seed) =>
    JSON.parse(`{${Array.from({ length: 40 }, (_, at) => `"column${at}":${seed + at}`).join()}}`),
  'tree of 63': (seed) => {
    const grow = (depth: number): unknown =>
      depth === 0 ? null : { left: grow(depth - 1), right: grow(depth - 1), seed };
    return grow(6);
  },
  'matrix of 30 × 30': (seed) =>
    Array.from({ length: 30 }, () => Array.from({ length: 30 }, (_, at) => seed + at)),
  'Float64Array of 500': () => new Float64Array(500),
};

describe('a cache of 4 MiB', () => {
  it.each(Object.keys(shapes))('has grown the heap by 4 MiB ± 30 % when it is full: %s', (name) => {
    const shape = shapes[name];
    if (shape === undefined) throw new Error(name);
    const maxBytes = 4 * 1024 * 1024;
    for (let seed = 0; seed < 300; seed++) shape(seed);
    const before = usedBytes();
    const cache = new Cache<number, unknown>({ maxBytes });
    let seed = 1_000_000;
    // A quarter more than fits, so that eviction has its structures too.
    do cache.set(seed, shape(seed++));
    while (cache.stats().evictions * 4 < cache.size);
    const grownRatio = (usedBytes() - before) / maxBytes;
    expect(cache.size).toBeGreaterThan(100);
    cache[Symbol.dispose]();
    expect(grownRatio).toBeGreaterThan(0.7);
    expect(grownRatio).toBeLessThan(1.3);
  });
});

describe('weighValue', () => {
  it('looks at 2,048 objects at most of a list of 100,000, and ends on a cycle', () => {
    interface Link {
      next: Link | undefined;
      previous: Link | undefined;
    }
    const first: Link = { next: undefined, previous: undefined };
    let last = first;
    for (let count = 0; count < 100_000; count++) {
      const link: Link = { next: undefined, previous: last };
      last.next = link;
      last = link;
    }
    last.next = first;
    expect(weighValue(first)).toBeGreaterThan(7_000);
  });

  it('survives a getter and a proxy that throw', () => {
    const hostile = {
      get trap(): never {
        throw new Error('no');
      },
    };
    const proxy = new Proxy({}, { ownKeys: () => expect.fail('never shown') });
    expect(weighValue(hostile)).toBe(24);
    expect(weighValue(proxy)).toBe(24);
  });

  it('weighs what lies in the entry itself 0', () => {
    for (const value of [undefined, null, true, 0, -5, 2 ** 31 - 1]) expect(weighValue(value)).toBe(0);
    expect(weighValue(0.5)).toBe(16);
    expect(weighKey('k'.repeat(8))).toBe(24);
  });
});
