import { inspect, isDeepStrictEqual } from 'node:util';
import { isPlimsollError, listHolders, mib, reclaim } from '@plimsoll/memory';
import { expect, test } from 'vitest';
import { ObjectPool } from '../src/index.ts';

function code(action: () => unknown): string | undefined {
  try {
    action();
  } catch (error) {
    return isPlimsollError(error) ? error.code : String(error);
  }
  return undefined;
}

function scratchPool(options: { maxIdleCount?: number; decayMs?: number } = {}) {
  return new ObjectPool({
    create: () => new Float64Array(1_024),
    sizeOf: 8_192,
    name: 'scratch',
    maxIdleCount: options.maxIdleCount ?? 8,
    decayMs: options.decayMs ?? 0,
  });
}

test('an object that came back is given out again, and only then', () => {
  using pool = scratchPool();
  const first = pool.acquire();
  const second = pool.acquire();
  expect(second).not.toBe(first);
  pool.release(first);
  expect(pool.acquire()).toBe(first);
  expect(pool.stats()).toMatchObject({ createdCount: 2, leaseCount: 3, leasedCount: 2, idleCount: 0 });
});

test('the second release of an object throws, and the object is not handed to two holders', () => {
  using pool = scratchPool();
  const object = pool.acquire();
  pool.release(object);
  expect(code(() => pool.release(object))).toBe('ERR_PLIMSOLL_LEASE');
  expect(pool.acquire()).toBe(object);
  expect(pool.acquire()).not.toBe(object);
});

test('an object of another pool, an object of no pool and null are refused', () => {
  using pool = scratchPool();
  using other = scratchPool();
  const foreign = other.acquire();
  expect(code(() => pool.release(foreign))).toBe('ERR_PLIMSOLL_LEASE');
  expect(code(() => pool.release(new Float64Array(1)))).toBe('ERR_PLIMSOLL_LEASE');
  expect(code(() => pool.release(null as never))).toBe('ERR_PLIMSOLL_LEASE');
  other.release(foreign);
  expect(other.stats().idleCount).toBe(1);
});

test('a function is pooled like any object, and its second release throws', () => {
  using pool = new ObjectPool({ create: () => () => 1, maxIdleCount: 1 });
  const made = pool.acquire();
  pool.release(made);
  expect(() => pool.release(made)).toThrow('was released already');
});

test('an object that cannot be extended is refused as it is created, with a TypeError as the cause', () => {
  using pool = new ObjectPool({ create: () => Object.freeze({ a: 1 }), maxIdleCount: 1 });
  expect(code(() => pool.acquire())).toBe('ERR_PLIMSOLL_FACTORY');
  expect(pool.stats()).toMatchObject({ createdCount: 0, leasedCount: 0 });
});

test('the state kept on an object is not seen by keys, JSON, printing, comparison, copies and clones', () => {
  using pool = new ObjectPool({ create: () => ({ a: 1 }), maxIdleCount: 1 });
  const object = pool.acquire();
  expect(Object.keys(object)).toEqual(['a']);
  expect(JSON.stringify(object)).toBe('{"a":1}');
  expect(inspect(object)).toBe('{ a: 1 }');
  expect(isDeepStrictEqual(object, { a: 1 })).toBe(true);
  expect(Reflect.ownKeys({ ...object })).toEqual(['a']);
  expect(Reflect.ownKeys(Object.assign({}, object))).toEqual(['a']);
  expect(Reflect.ownKeys(structuredClone(object))).toEqual(['a']);
  expect(code(() => pool.release({ ...object }))).toBe('ERR_PLIMSOLL_LEASE');
});

test('at most 3 objects stay idle when maxIdleCount is 3', () => {
  using pool = scratchPool({ maxIdleCount: 3 });
  const objects = Array.from({ length: 5 }, () => pool.acquire());
  for (const object of objects) pool.release(object);
  expect(pool.stats()).toMatchObject({ idleCount: 3, droppedCount: 2, leasedCount: 0, idleBytes: 3 * 8_192 });
});

test('maxIdleBytes of 20,000 keeps two objects of 8,192 bytes', () => {
  using pool = new ObjectPool({ create: () => new Float64Array(1_024), maxIdleBytes: 20_000, sizeOf: 8_192 });
  const objects = Array.from({ length: 5 }, () => pool.acquire());
  for (const object of objects) pool.release(object);
  expect(pool.stats()).toMatchObject({ idleCount: 2, idleBytes: 16_384 });
});

test('objects that grew are measured as they come back', () => {
  using pool = new ObjectPool({
    create: () => ({ parts: [] as string[] }),
    maxIdleBytes: 1_000,
    sizeOf: ({ parts }) => 100 * parts.length,
  });
  const small = pool.acquire();
  const large = pool.acquire();
  small.parts.push('a');
  for (let part = 0; part < 11; part += 1) large.parts.push('b');
  pool.release(small);
  pool.release(large);
  expect(pool.stats()).toMatchObject({ idleCount: 1, idleBytes: 100, droppedCount: 1 });
  pool.acquire();
  expect(pool.bytes()).toBe(0);
});

test('reset cleans each object before the next holder; one whose reset throws is dropped and the error reaches the releaser', () => {
  let broken = false;
  using pool = new ObjectPool({
    create: () => new Map<string, number>(),
    reset: (map) => {
      if (broken) throw new Error('stuck');
      map.clear();
    },
    maxIdleCount: 4,
  });
  const map = pool.acquire();
  map.set('secret', 1);
  pool.release(map);
  expect(pool.acquire().size).toBe(0);
  broken = true;
  expect(() => pool.release(map)).toThrow('stuck');
  expect(pool.stats()).toMatchObject({ idleCount: 0, leasedCount: 0, droppedCount: 1 });
  expect(code(() => pool.release(map))).toBe('ERR_PLIMSOLL_LEASE');
});

test('a lease gives its object back at the end of the block, once, and is empty afterwards', () => {
  using pool = scratchPool();
  const lease = pool.lease();
  {
    using inner = lease;
    expect(inner.value).toHaveLength(1_024);
  }
  expect(pool.stats()).toMatchObject({ idleCount: 1, leasedCount: 0 });
  expect(code(() => lease.value)).toBe('ERR_PLIMSOLL_DISPOSED');
  expect(code(() => lease.release())).toBe('ERR_PLIMSOLL_LEASE');
  lease[Symbol.dispose]();
  expect(pool.stats().idleCount).toBe(1);
});

test('release refuses an object that a lease holds, and the lease gives it back all the same', () => {
  using pool = scratchPool();
  const lease = pool.lease();
  expect(code(() => pool.release(lease.value))).toBe('ERR_PLIMSOLL_LEASE');
  lease.release();
  expect(pool.stats()).toMatchObject({ idleCount: 1, leasedCount: 0 });
});

test('an object whose sizeOf throws as it comes back is dropped, counted, and the error reaches the releaser', () => {
  using pool = new ObjectPool({
    create: () => new Map<string, number>(),
    maxIdleBytes: 1_000,
    sizeOf: () => {
      throw new Error('no scales');
    },
  });
  const map = pool.acquire();
  expect(() => pool.release(map)).toThrow('no scales');
  expect(pool.stats()).toMatchObject({ idleCount: 0, leasedCount: 0, droppedCount: 1 });
});

test('a pool of Buffers gives each lease a fresh view of the same bytes', () => {
  using pool = new ObjectPool({ create: () => Buffer.alloc(16), maxIdleCount: 1 });
  const first = pool.lease();
  const kept = first.value;
  first.release();
  using second = pool.lease();
  expect(second.value).not.toBe(kept);
  expect(second.value.buffer).toBe(kept.buffer);
  expect(Buffer.isBuffer(second.value)).toBe(true);
});

test('after a spike of 100 objects, decay halves what nobody needed until nothing is left', () => {
  using pool = scratchPool({ maxIdleCount: 100 });
  const objects = Array.from({ length: 100 }, () => pool.acquire());
  for (const object of objects) pool.release(object);
  const counts = [pool.stats().idleCount];
  while (pool.decay()) counts.push(pool.stats().idleCount);
  expect(counts).toEqual([100, 100, 50, 25, 12, 6, 3, 1]);
  expect(pool.stats().idleCount).toBe(0);
});

test('decay keeps the objects that are in use every interval', () => {
  using pool = scratchPool({ maxIdleCount: 100 });
  const objects = Array.from({ length: 10 }, () => pool.acquire());
  for (const object of objects) pool.release(object);
  for (let interval = 0; interval < 20; interval += 1) {
    const leased = Array.from({ length: 4 }, () => pool.acquire());
    for (const object of leased) pool.release(object);
    pool.decay();
  }
  expect(pool.stats().idleCount).toBe(4);
});

test('decay runs by itself, without holding the process', async () => {
  using pool = scratchPool({ maxIdleCount: 100, decayMs: 5 });
  pool.release(pool.acquire());
  await expect.poll(() => pool.stats().idleCount).toBe(0);
});

test('idle objects are given back under pressure, before anything that costs more', () => {
  using pool = scratchPool();
  for (const object of [pool.acquire(), pool.acquire(), pool.acquire()]) pool.release(object);
  expect(listHolders()).toContainEqual({ name: 'scratch', bytes: 24_576, cost: 0 });
  expect(reclaim(10_000)).toMatchObject({ returnedBytes: 16_384 });
  expect(pool.stats()).toMatchObject({ idleCount: 1, droppedCount: 2 });
});

test('without sizeOf the first object is estimated: 8 KiB typed array within 2 %', () => {
  using pool = new ObjectPool({ create: () => new Float64Array(1_024), maxIdleCount: 4 });
  pool.release(pool.acquire());
  expect(pool.bytes() / 8_192).toBeCloseTo(1, 1);
});

test('release after dispose drops the object, acquire after dispose throws', () => {
  const pool = scratchPool();
  const object = pool.acquire();
  pool[Symbol.dispose]();
  pool.release(object);
  expect(pool.stats()).toMatchObject({ idleCount: 0, leasedCount: 0 });
  expect(code(() => pool.acquire())).toBe('ERR_PLIMSOLL_DISPOSED');
  expect(listHolders()).toEqual([]);
});

test('a create that answers undefined, or the same object twice, or throws, is told apart', () => {
  const shared = {};
  using twice = new ObjectPool({ create: () => shared, maxIdleCount: 1 });
  twice.acquire();
  expect(code(() => twice.acquire())).toBe('ERR_PLIMSOLL_FACTORY');
  using nothing = new ObjectPool({ create: () => undefined as never, maxIdleCount: 1 });
  expect(code(() => nothing.acquire())).toBe('ERR_PLIMSOLL_FACTORY');
  using throwing = new ObjectPool<object>({
    create: () => {
      throw new RangeError('no memory');
    },
    maxIdleCount: 1,
  });
  expect(code(() => throwing.acquire())).toBe('RangeError: no memory');
  expect(throwing.stats().leasedCount).toBe(0);
});

test.each([
  [{}, 'maxIdleCount nor maxIdleBytes'],
  [{ maxIdleBytes: mib(1) }, 'sizeOf'],
  [{ maxIdleCount: -1 }, 'maxIdleCount is -1'],
  [{ maxIdleCount: 1, decayMs: 1.5 }, 'decayMs is 1.5'],
  [{ maxIdleCount: 1, create: 5 }, 'create is 5'],
  [{ maxIdleCount: 1, leakDetection: 'maybe' }, 'leakDetection is "maybe"'],
  [{ maxIdleBytes: mib(1), sizeOf: 0 }, 'sizeOf is 0'],
])('options %j are refused with their name and value', (options, text) => {
  const all = { create: () => ({}), ...options } as never;
  expect(() => new ObjectPool(all)).toThrow(text);
});

test('a pool nobody refers to is collected, with its timer running', async () => {
  const weak = (() => {
    const pool = scratchPool({ decayMs: 60_000 });
    pool.release(pool.acquire());
    return new WeakRef(pool);
  })();
  await expect
    .poll(() => {
      globalThis.gc?.();
      return weak.deref() === undefined;
    })
    .toBe(true);
});
