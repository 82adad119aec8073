import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { journal } from '@plimsoll/memory';
import { expect, test } from 'vitest';
import {
  BufferPool,
  expectNoLeaks,
  ObjectPool,
  poolChannelName,
  type PoolEvent,
  ResourcePool,
} from '../src/index.ts';

function collectEvents(name: string): { events: PoolEvent[] } & Disposable {
  const events: PoolEvent[] = [];
  const listen = (message: unknown) => {
    if ((message as PoolEvent).pool === name) events.push(message as PoolEvent);
  };
  subscribe(poolChannelName, listen);
  return { events, [Symbol.dispose]: () => void unsubscribe(poolChannelName, listen) };
}

async function collected(count: () => number): Promise<void> {
  await expect
    .poll(() => {
      globalThis.gc?.();
      return count();
    })
    .toBe(1);
}

function loseObject(pool: ObjectPool<Map<string, number>>): void {
  pool.acquire().set('lost', 1);
}

test('an object that is collected while it is out is reported once, with the function that took it', async () => {
  using heard = collectEvents('objects');
  using pool = new ObjectPool({
    create: () => new Map<string, number>(),
    maxIdleCount: 4,
    name: 'objects',
    leakDetection: 'exact',
  });
  loseObject(pool);
  pool.release(pool.acquire());
  await collected(() => pool.stats().leakedCount);
  expect(heard.events).toHaveLength(1);
  expect(heard.events[0]).toMatchObject({ event: 'leaked' });
  expect(String(heard.events[0]?.details['stack']).split('\n')[0]).toContain('loseObject');
  expect(journal().entries().at(-1)).toMatchObject({ part: 'pool', event: 'lease-leaked' });
});

test('a lost lease of a buffer and of a resource is reported with its label', async () => {
  using heard = collectEvents('resources');
  using buffers = new BufferPool({ maxBytes: 1_000_000, leakDetection: 'exact' });
  const pool = new ResourcePool(
    { create: () => ({}) },
    { maxCount: 2, name: 'resources', leakDetection: 'exact' },
  );
  await (async function loseBoth() {
    buffers.lease(100);
    await pool.acquire({ label: 'checkout' });
  })();
  await collected(() => buffers.stats().leakedCount);
  await collected(() => pool.stats().leakedCount);
  const leak = heard.events.find(({ event }) => event === 'leaked');
  expect(leak?.details['label']).toBe('checkout');
  expect(leak?.details['stack']).toContain('loseBoth');
  await pool.drain(0);
});

test('one lease in about 128 is watched: 30 to 60 of the first 5,760', () => {
  using pool = new ObjectPool({ create: () => ({}), maxIdleCount: 0 });
  const held = Array.from({ length: 5_760 }, () => pool.acquire());
  const watchedCount = pool.heldLeases().length;
  expect(watchedCount).toBeGreaterThan(30);
  expect(watchedCount).toBeLessThan(60);
  for (const object of held) pool.release(object);
  expect(pool.heldLeases()).toEqual([]);
});

test('of leases that come in one burst the first 64 of resources are watched, and few more', async () => {
  const pool = new ResourcePool({ create: () => ({}) }, { maxCount: 1_000 });
  const leases = await Promise.all(Array.from({ length: 1_000 }, () => pool.acquire()));
  const watched = pool.heldLeases().map(({ stack }) => stack !== undefined);
  expect(watched.slice(0, 64)).toEqual(Array.from({ length: 64 }, () => true));
  expect(watched.filter(Boolean).length).toBeLessThan(200);
  for (const lease of leases) lease.release();
  await pool.drain(1_000);
});

test('expectNoLeaks names the place of every lease the body kept, and no earlier one', async () => {
  using pool = new ObjectPool({ create: () => ({}), maxIdleCount: 4, name: 'parsers' });
  const early = pool.acquire();
  const kept: object[] = [];
  const check = expectNoLeaks(pool, function handler() {
    kept.push(pool.acquire());
    pool.release(pool.acquire());
  });
  await expect(check).rejects.toThrow(
    /1 lease of pool "parsers" never came back:\n- unlabelled, out for \d+ ms, taken\n.*handler/,
  );
  for (const object of kept) pool.release(object);
  await expectNoLeaks(pool, () => pool.release(pool.acquire()));
  await expect(expectNoLeaks(pool)).rejects.toThrow('1 lease of pool "parsers" never came back');
  pool.release(early);
  await expectNoLeaks(pool);
});

test('expectNoLeaks passes on what its body throws', async () => {
  using pool = new ObjectPool({ create: () => ({}), maxIdleCount: 4 });
  const failing = expectNoLeaks(pool, () => Promise.reject(new Error('of the body')));
  await expect(failing).rejects.toThrow('of the body');
});
