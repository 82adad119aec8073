import { isPlimsollError, kib, mib } from '@plimsoll/memory';
import { expect, test } from 'vitest';
import { BufferPool } from '../src/index.ts';
import { classBytesAt, classIndexOf } from '../src/size-classes.ts';

test('every length up to 4 MiB falls in the smallest class that holds it, at most a quarter too large', () => {
  for (let bytes = 1; bytes <= mib(4); bytes += bytes < 10_000 ? 1 : 997) {
    const index = classIndexOf(bytes);
    expect(classBytesAt(index)).toBeGreaterThanOrEqual(bytes);
    if (index > 0) {
      expect(classBytesAt(index - 1)).toBeLessThan(bytes);
      expect(classBytesAt(index)).toBeLessThanOrEqual(bytes * 1.25);
    }
  }
});

test('a lease is exactly as long as asked and four of 64 KiB share one slab of 256 KiB', () => {
  using pool = new BufferPool({ maxBytes: mib(1) });
  const leases = [65_536, 65_535, 60_000, 57_345].map((bytes) => pool.lease(bytes));
  expect(leases.map(({ buffer }) => buffer.length)).toEqual([65_536, 65_535, 60_000, 57_345]);
  expect(new Set(leases.map(({ buffer }) => buffer.buffer)).size).toBe(1);
  expect(pool.stats()).toMatchObject({ ownedBytes: kib(256), leasedBytes: kib(256), leasedCount: 4 });
  for (const lease of leases) lease.release();
  expect(pool.stats()).toMatchObject({ ownedBytes: kib(256), leasedBytes: 0, leasedCount: 0 });
});

test('no two leases that are out at one time share a byte', () => {
  using pool = new BufferPool({ maxBytes: mib(8) });
  const out = new Map<number, { lease: ReturnType<BufferPool['lease']>; mark: number }>();
  let state = 7;
  const random = (below: number) => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state % below;
  };
  for (let step = 0; step < 5_000; step += 1) {
    const key = random(40);
    const held = out.get(key);
    if (held === undefined) {
      const lease = pool.lease(1 + random(90_000));
      expect(lease.buffer.indexOf(1) + lease.buffer.indexOf(255)).toBe(-2);
      const mark = 1 + random(255);
      lease.buffer.fill(mark);
      out.set(key, { lease, mark });
    } else {
      const { buffer } = held.lease;
      expect([buffer[0], buffer[buffer.length >> 1], buffer.at(-1)]).toEqual([
        held.mark,
        held.mark,
        held.mark,
      ]);
      held.lease.release();
      out.delete(key);
    }
  }
  for (const { lease } of out.values()) lease.release();
  expect(pool.stats().leasedBytes).toBe(0);
}, 30_000);

test.each([
  ['on-release', 0],
  ['on-lease', 0],
  ['never', 7],
] as const)('zeroing %s: the next holder reads %i where the last one wrote 7', (zeroing, seen) => {
  using pool = new BufferPool({ maxBytes: mib(1), zeroing });
  const first = pool.lease(5_000);
  first.buffer.fill(7);
  const stale = first.buffer;
  first.release();
  expect(stale[4_999]).toBe(zeroing === 'on-release' ? 0 : 7);
  expect(pool.lease(5_000).buffer[4_999]).toBe(seen);
});

test('a lease ends once: its buffer is unreachable, release throws, dispose does nothing', () => {
  using pool = new BufferPool({ maxBytes: mib(1) });
  const lease = pool.lease(10);
  lease.release();
  expect(() => lease.buffer).toThrow('This lease has ended');
  expect(() => lease.release()).toThrow('released already');
  lease[Symbol.dispose]();
  expect(pool.stats()).toMatchObject({ leasedCount: 0, leasedBytes: 0 });
});

test('at the bound of 256 KiB the fifth 64 KiB buffer is one of its own, and is dropped as it comes back', () => {
  using pool = new BufferPool({ maxBytes: kib(256) });
  const leases = Array.from({ length: 5 }, () => pool.lease(65_536));
  expect(pool.stats()).toMatchObject({ ownedBytes: kib(256), leasedCount: 5 });
  expect(pool.stats().classes[0]).toMatchObject({
    cellBytes: 65_536,
    overflowCount: 1,
    missCount: 1,
    hitRatio: 0.6,
  });
  for (const lease of leases) lease.release();
  expect(pool.stats()).toMatchObject({ ownedBytes: kib(256), leasedCount: 0 });
});

test("with whenFull 'throw' the bound holds for what is out as well", () => {
  using pool = new BufferPool({ maxBytes: kib(256), whenFull: 'throw' });
  const leases = Array.from({ length: 4 }, () => pool.lease(65_536));
  let thrown: unknown;
  try {
    pool.lease(65_536);
  } catch (error) {
    thrown = error;
  }
  expect(isPlimsollError(thrown, 'ERR_PLIMSOLL_LIMIT')).toBe(true);
  leases[0]?.release();
  expect(pool.lease(65_536).buffer.length).toBe(65_536);
});

test('idle slabs of one class make room for another within the bound', () => {
  using pool = new BufferPool({ maxBytes: mib(1) });
  const small = Array.from({ length: 16 }, () => pool.lease(65_536));
  for (const lease of small) lease.release();
  expect(pool.stats().ownedBytes).toBe(mib(1));
  using large = pool.lease(mib(1));
  expect(large.buffer.length).toBe(mib(1));
  expect(pool.stats()).toMatchObject({ ownedBytes: mib(1), leasedBytes: mib(1) });
});

test.each([0, -1, 1.5, Number.NaN, mib(2)])('a buffer of %d bytes is refused by a pool of 1 MiB', (bytes) => {
  using pool = new BufferPool({ maxBytes: mib(1) });
  expect(() => pool.lease(bytes)).toThrow('expected a whole number from 1 to maxBufferBytes 1048576');
});

test('reclaim drops whole idle slabs, largest cells first, and says how many bytes', () => {
  using pool = new BufferPool({ maxBytes: mib(4) });
  for (const lease of [pool.lease(mib(1)), pool.lease(65_536), pool.lease(4_096)]) lease.release();
  expect(pool.bytes()).toBe(mib(1) + kib(512));
  expect(pool.reclaim(1)).toBe(mib(1));
  using held = pool.lease(65_536);
  expect(pool.shrink()).toBe(kib(256));
  expect(pool.stats()).toMatchObject({ ownedBytes: kib(256), leasedBytes: held.buffer.length });
});

test('after a spike decay halves the unneeded slabs until none is left', () => {
  using pool = new BufferPool({ maxBytes: mib(16), decayMs: 0 });
  const leases = Array.from({ length: 32 }, () => pool.lease(65_536));
  for (const lease of leases) lease.release();
  const owned = [pool.stats().ownedBytes / kib(256)];
  while (pool.decay()) owned.push(pool.stats().ownedBytes / kib(256));
  expect(owned).toEqual([8, 8, 4, 2, 1]);
  expect(pool.stats().ownedBytes).toBe(0);
});

test('a slab’s memory is not moved to another thread, and is replaced when transfer() took it', () => {
  using pool = new BufferPool({ maxBytes: mib(1) });
  const lease = pool.lease(300_000);
  const memory = lease.buffer.buffer as ArrayBuffer & { transfer?: () => ArrayBuffer };
  const { port1 } = new MessageChannel();
  try {
    port1.postMessage(memory, [memory]);
  } catch {
    // The mark on the slab makes this throw from Node 22; Node 20 copies instead. Either way:
  }
  port1.close();
  expect(lease.buffer.length).toBe(300_000);
  try {
    structuredClone(memory, { transfer: [memory] });
    memory.transfer?.();
  } catch {
    // Node 24 refuses; Node 22 lets these two take the memory, and the slab gets other.
  }
  lease.release();
  using next = pool.lease(300_000);
  expect(next.buffer.length).toBe(300_000);
  next.buffer.fill(1);
});

test('slabs whose leases were all lost leave the books when they are collected', async () => {
  using pool = new BufferPool({ maxBytes: mib(2) });
  (() => {
    for (let count = 0; count < 8; count += 1) pool.lease(65_536);
  })();
  expect(pool.stats().ownedBytes).toBe(kib(512));
  await expect
    .poll(() => {
      globalThis.gc?.();
      return pool.stats();
    })
    .toMatchObject({ ownedBytes: 0, leasedBytes: 0, lostBytes: kib(512) });
});

test('release after dispose drops the slab, lease after dispose throws', () => {
  const pool = new BufferPool({ maxBytes: mib(1) });
  const lease = pool.lease(65_536);
  pool[Symbol.dispose]();
  lease.release();
  expect(pool.stats()).toMatchObject({ ownedBytes: 0, leasedBytes: 0 });
  expect(() => pool.lease(1)).toThrow('was disposed');
});

test.each([
  [{}, 'maxBytes'],
  [{ maxBytes: mib(1), zeroing: 'sometimes' }, 'zeroing is "sometimes"'],
  [{ maxBytes: mib(1), whenFull: 'wait' }, 'whenFull is "wait"'],
  [{ maxBytes: mib(1), maxBufferBytes: 0 }, 'maxBufferBytes is 0'],
])('options %j are refused with their name and value', (options, text) => {
  expect(() => new BufferPool(options as never)).toThrow(text);
});
