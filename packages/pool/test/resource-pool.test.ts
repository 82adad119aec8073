import { setTimeout as sleep } from 'node:timers/promises';
import { isPlimsollError, listHolders, type PlimsollError } from '@plimsoll/memory';
import { expect, test } from 'vitest';
import {
  type ResourceFactory,
  type ResourceLease,
  ResourcePool,
  type ResourcePoolOptions,
} from '../src/index.ts';

interface Line {
  readonly id: number;
  good: boolean;
  ended: boolean;
}

function lines(options: Partial<ResourcePoolOptions> = {}, factory: Partial<ResourceFactory<Line>> = {}) {
  const made: Line[] = [];
  const pool = new ResourcePool<Line>(
    {
      create: () => {
        const line = { id: made.length, good: true, ended: false };
        made.push(line);
        return line;
      },
      destroy: (line) => {
        line.ended = true;
      },
      ...factory,
    },
    { maxCount: 2, ...options },
  );
  return { pool, made };
}

async function failure(work: Promise<unknown>): Promise<PlimsollError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!isPlimsollError(error)) throw new Error(`expected a PlimsollError, got ${String(error)}`);
  return error;
}

test('a lease gives its resource back at the end of the block and the next caller gets the same one', async () => {
  const { pool, made } = lines();
  {
    await using lease = await pool.acquire();
    expect(lease.resource.id).toBe(0);
    expect(pool.stats()).toMatchObject({ leasedCount: 1, idleCount: 0 });
  }
  expect(pool.tryAcquire()?.resource.id).toBe(0);
  expect(made).toHaveLength(1);
  expect((await pool.drain(0)).leaked).toHaveLength(1);
});

test('the resource used last is used next, callers are served in the order they came', async () => {
  const { pool } = lines({ maxCount: 3 });
  const leases = await Promise.all([pool.acquire(), pool.acquire(), pool.acquire()]);
  const order: number[] = [];
  const waiting = [1, 2, 3].map(async (turn) => {
    const lease = await pool.acquire();
    order.push(turn);
    return lease;
  });
  leases[2].release();
  leases[0].release();
  leases[1].release();
  const served = await Promise.all(waiting);
  expect(order).toEqual([1, 2, 3]);
  expect(served.map(({ resource }) => resource.id)).toEqual([2, 0, 1]);
  for (const lease of served) lease.release();
  expect(pool.tryAcquire()?.resource.id).toBe(1);
});

test('a lease ends once: resource is unreachable, release throws, dispose does nothing', async () => {
  const { pool } = lines();
  const lease = await pool.acquire();
  lease.release();
  expect(() => lease.resource).toThrow('This lease has ended');
  expect(() => lease.release()).toThrow('released already');
  await lease[Symbol.asyncDispose]();
  expect(pool.stats()).toMatchObject({ idleCount: 1, leasedCount: 0 });
});

test('never more than maxCount resources exist, under 2,000 random operations, and none is lost', async () => {
  let alive = 0;
  let most = 0;
  const { pool } = lines(
    { maxCount: 5, maxUseCount: 7, acquireTimeoutMs: 1_000 },
    {
      create: async () => {
        alive += 1;
        most = Math.max(most, alive);
        await sleep(Math.random() * 2);
        if (Math.random() < 0.1) {
          alive -= 1;
          throw new Error('refused');
        }
        return { id: alive, good: true, ended: false };
      },
      validate: ({ good }) => (Math.random() < 0.5 ? good : Promise.resolve(good)),
      destroy: async (line) => {
        await sleep(Math.random());
        line.ended = true;
        alive -= 1;
      },
    },
  );
  const outcomes = { served: 0, aborted: 0, failed: 0 };
  const worker = async (): Promise<void> => {
    for (let turn = 0; turn < 50; turn += 1) {
      const signal = Math.random() < 0.2 ? AbortSignal.timeout(Math.ceil(Math.random() * 3)) : undefined;
      try {
        const lease = await pool.acquire(signal === undefined ? {} : { signal });
        expect(lease.resource.ended).toBe(false);
        if (Math.random() < 0.5) await sleep(Math.random());
        if (Math.random() < 0.1) lease.resource.good = false;
        if (Math.random() < 0.1) lease.discard();
        else lease.release();
        outcomes.served += 1;
      } catch (error) {
        if (isPlimsollError(error, 'ERR_PLIMSOLL_ABORTED')) outcomes.aborted += 1;
        else if (isPlimsollError(error, 'ERR_PLIMSOLL_FACTORY')) outcomes.failed += 1;
        else throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: 40 }, worker));
  expect(outcomes.served + outcomes.aborted + outcomes.failed).toBe(2_000);
  expect(most).toBeLessThanOrEqual(5);
  expect(pool.stats()).toMatchObject({ leasedCount: 0, waiterCount: 0 });
  expect(await pool.drain(2_000)).toMatchObject({ complete: true, leaked: [], refusedCount: 0 });
  expect(alive).toBe(0);
}, 30_000);

test('a caller that gave up takes no resource with it: by signal, and by time-out', async () => {
  const { pool } = lines({ maxCount: 1, acquireTimeoutMs: 10 });
  const holder = await pool.acquire();
  const controller = new AbortController();
  const aborted = failure(pool.acquire({ signal: controller.signal, timeoutMs: 5_000 }));
  const late = failure(pool.acquire());
  const own = failure(pool.acquire({ timeoutMs: 5 }));
  controller.abort(new Error('client went away'));
  expect(await aborted).toMatchObject({
    code: 'ERR_PLIMSOLL_ABORTED',
    cause: { message: 'client went away' },
  });
  expect((await late).message).toMatch(
    /No resource of pool "resource-pool" came within \d+ ms; 1 of 1 are out/,
  );
  expect((await own).code).toBe('ERR_PLIMSOLL_TIMEOUT');
  expect(pool.stats()).toMatchObject({ waiterCount: 0, timedOutCount: 2 });
  holder.release();
  expect(pool.tryAcquire()?.resource.id).toBe(0);
});

test('a signal that is aborted already refuses without touching the pool', async () => {
  const { pool, made } = lines();
  const error = await failure(pool.acquire({ signal: AbortSignal.abort() }));
  expect(error.code).toBe('ERR_PLIMSOLL_ABORTED');
  expect(made).toHaveLength(0);
});

test('the caller beyond maxWaiterCount is refused at once; one whose resource can be created is not counted', async () => {
  const { pool } = lines({ maxCount: 2, maxWaiterCount: 1 });
  const first = pool.acquire();
  const second = pool.acquire();
  const waiting = pool.acquire();
  const error = await failure(pool.acquire());
  expect(error.code).toBe('ERR_PLIMSOLL_LIMIT');
  expect(error.message).toContain('maxWaiterCount is 1');
  (await first).release();
  (await second).release();
  (await waiting).release();
});

test('no timer is set for a caller that is served at once', async () => {
  const { pool } = lines();
  (await pool.acquire()).release();
  const before = process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
  for (let turn = 0; turn < 100; turn += 1) (await pool.acquire()).release();
  const after = process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
  expect(after - before).toBeLessThanOrEqual(0);
});

test('1,000 waiting callers share one timer and all time out in order', async () => {
  const { pool } = lines({ maxCount: 1, acquireTimeoutMs: 30 });
  const holder = await pool.acquire();
  const order: number[] = [];
  const before = process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
  const waiting = Array.from({ length: 1_000 }, (_, turn) => pool.acquire().catch(() => order.push(turn)));
  const during = process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
  expect(during - before).toBe(1);
  await Promise.all(waiting);
  expect(order).toEqual(Array.from({ length: 1_000 }, (_, turn) => turn));
  holder.release();
});

test('a create that throws, rejects or answers undefined rejects the caller with the cause', async () => {
  for (const [create, text] of [
    [() => Promise.reject(new Error('refused')), 'refused'],
    [() => Promise.resolve(undefined as never), 'create answered undefined'],
    [
      (): never => {
        throw new Error('thrown');
      },
      'thrown',
    ],
  ] as const) {
    const { pool } = lines({}, { create });
    const error = await failure(pool.acquire());
    expect(error).toMatchObject({ code: 'ERR_PLIMSOLL_FACTORY', cause: { message: text } });
    expect(pool.stats()).toMatchObject({ createFailedCount: 1, pendingCount: 0, waiterCount: 0 });
    await pool.drain(0);
  }
});

test('a create that always rejects at once is called at most 6 times in 300 ms, and timers still fire', async () => {
  let calls = 0;
  const { pool } = lines(
    { maxCount: 1, acquireTimeoutMs: 300 },
    {
      create: () => {
        calls += 1;
        return Promise.reject(new Error('down'));
      },
    },
  );
  const outcomes = await Promise.all(Array.from({ length: 20 }, () => failure(pool.acquire())));
  const codes = outcomes.map(({ code }) => code);
  expect(calls).toBeGreaterThanOrEqual(2);
  expect(calls).toBeLessThanOrEqual(6);
  expect(codes.filter((code) => code === 'ERR_PLIMSOLL_FACTORY')).toHaveLength(calls);
  expect(codes.filter((code) => code === 'ERR_PLIMSOLL_TIMEOUT')).toHaveLength(20 - calls);
  expect(outcomes.at(-1)).toMatchObject({ cause: { message: 'down' } });
  expect(outcomes.at(-1)?.message).toContain('creations fail: down');
  await pool.drain(0);
});

test('after a failure the pool comes back by itself', async () => {
  let down = true;
  const { pool } = lines(
    { maxCount: 2 },
    {
      create: () => {
        if (down) throw new Error('down');
        return { id: 1, good: true, ended: false };
      },
    },
  );
  const first = failure(pool.acquire());
  const second = pool.acquire().catch(() => pool.acquire());
  expect((await first).code).toBe('ERR_PLIMSOLL_FACTORY');
  down = false;
  (await second).release();
  expect(pool.stats()).toMatchObject({ idleCount: 1, createdCount: 1 });
});

test('a create that never settles costs its permit until factoryTimeoutMs, and what comes late is ended', async () => {
  let deliver: ((line: Line) => void) | undefined;
  let calls = 0;
  const { pool } = lines(
    { maxCount: 1, factoryTimeoutMs: 20 },
    {
      create: ({ signal }) => {
        calls += 1;
        if (calls > 1) return { id: 2, good: true, ended: false };
        return new Promise<Line>((resolve) => {
          deliver = resolve;
          signal.addEventListener('abort', () => void (calls += 10));
        });
      },
    },
  );
  const error = await failure(pool.acquire());
  expect(error).toMatchObject({ code: 'ERR_PLIMSOLL_FACTORY', cause: { code: 'ERR_PLIMSOLL_TIMEOUT' } });
  expect(calls).toBe(11);
  expect((await pool.acquire()).resource.id).toBe(2);
  const late = { id: 1, good: true, ended: false };
  deliver?.(late);
  await sleep(0);
  expect(late.ended).toBe(true);
});

test.each([
  ['false', () => false],
  ['a promise of false', () => Promise.resolve(false)],
  ['an error', () => Promise.reject(new Error('broken'))],
  [
    'a throw',
    () => {
      throw new Error('broken');
    },
  ],
  ['nothing, for ever', () => new Promise<boolean>(() => {})],
  ['undefined', () => undefined as never],
])('a resource whose check answers %s is ended and replaced', async (_, answer) => {
  const { pool, made } = lines(
    { factoryTimeoutMs: 20 },
    { validate: ({ id }) => (id === 0 ? answer() : true) },
  );
  (await pool.acquire()).release();
  const lease = await pool.acquire();
  expect(lease.resource.id).toBe(1);
  expect(made[0]?.ended).toBe(true);
  expect(pool.stats()).toMatchObject({ leasedCount: 1, destroyedCount: 1, pendingCount: 0 });
  lease.release();
});

test('a resource that goes straight to the next caller is checked on the way', async () => {
  const { pool } = lines({ maxCount: 1 }, { validate: ({ good }) => good });
  const first = await pool.acquire();
  const next = pool.acquire();
  first.resource.good = false;
  first.release();
  expect((await next).resource.id).toBe(1);
});

test('a discarded resource is ended and another takes its permit', async () => {
  const { pool, made } = lines({ maxCount: 1 });
  const first = await pool.acquire();
  const next = pool.acquire();
  first.discard();
  expect((await next).resource.id).toBe(1);
  expect(made[0]?.ended).toBe(true);
});

test('a destroy that throws, rejects or never settles costs no permit', async () => {
  for (const destroy of [
    (): never => {
      throw new Error('no');
    },
    () => Promise.reject(new Error('no')),
    () => new Promise(() => {}),
  ]) {
    const { pool } = lines({ maxCount: 1, factoryTimeoutMs: 20 }, { destroy });
    (await pool.acquire()).discard();
    (await pool.acquire()).release();
    expect(pool.stats()).toMatchObject({ idleCount: 1, pendingCount: 0, leasedCount: 0 });
  }
});

test('a resource is ended after 10 uses, some a little earlier', async () => {
  const { pool, made } = lines({ maxCount: 1, maxUseCount: 10 });
  for (let use = 0; use < 100; use += 1) (await pool.acquire()).release();
  expect(made.length).toBeGreaterThanOrEqual(10);
  expect(made.length).toBeLessThanOrEqual(11);
});

test('idle resources above minCount are ended after idleMs, and minCount is kept ready from the start', async () => {
  const { pool, made } = lines({ maxCount: 5, minCount: 2, idleMs: 20 });
  await expect.poll(() => pool.stats().idleCount).toBe(2);
  const leases = await Promise.all(Array.from({ length: 5 }, () => pool.acquire()));
  for (const lease of leases) lease.release();
  expect(pool.stats().idleCount).toBe(5);
  await expect.poll(() => pool.stats().idleCount).toBe(2);
  await sleep(60);
  expect(pool.stats()).toMatchObject({ idleCount: 2, destroyedCount: 3 });
  expect(made.filter(({ ended }) => ended)).toHaveLength(3);
  await pool.drain(0);
});

test('a resource past its life is ended while it idles, and replaced only for minCount', async () => {
  const { pool, made } = lines({ maxCount: 2, minCount: 1, maxLifetimeMs: 30 });
  await expect.poll(() => made.length).toBeGreaterThan(2);
  expect(pool.stats().idleCount + pool.stats().pendingCount).toBe(1);
  await pool.drain(0);
});

test('idle resources are given back under pressure down to minCount', async () => {
  const { pool } = lines({ maxCount: 4, minCount: 1, name: 'database' });
  const leases = await Promise.all(Array.from({ length: 4 }, () => pool.acquire()));
  for (const lease of leases) lease.release();
  expect(listHolders()).toContainEqual({ name: 'database', bytes: 262_144, cost: 0.1 });
  expect(pool.reclaim(1_000_000)).toBe(3 * 65_536);
  expect(pool.stats()).toMatchObject({ idleCount: 1, destroyedCount: 3 });
});

test('drain serves who waits, ends what comes back and refuses who comes later', async () => {
  const { pool, made } = lines({ maxCount: 1 });
  const first = await pool.acquire();
  const waiting = pool.acquire();
  const drained = pool.drain(5_000);
  expect((await failure(pool.acquire())).code).toBe('ERR_PLIMSOLL_DISPOSED');
  expect(pool.tryAcquire()).toBeUndefined();
  first.release();
  (await waiting).release();
  expect(await drained).toMatchObject({ complete: true, leaked: [], refusedCount: 0 });
  expect(made.every(({ ended }) => ended)).toBe(true);
  expect(await pool.drain(1)).toBe(await drained);
});

async function forgetfulHandler(pool: ResourcePool<Line>): Promise<ResourceLease<Line>> {
  return await pool.acquire({ label: 'checkout' });
}

test('drain names who did not give back, with label, age and stack, and ends the resource under them', async () => {
  const { pool, made } = lines({ maxCount: 1, name: 'database' });
  const held = await forgetfulHandler(pool);
  const refused = failure(pool.acquire());
  const report = await pool.drain(20);
  expect(report).toMatchObject({ complete: false, refusedCount: 1 });
  expect(report.leaked).toHaveLength(1);
  expect(report.leaked[0]).toMatchObject({ pool: 'database', label: 'checkout' });
  expect(report.leaked[0]?.stack?.split('\n')[0]).toContain('forgetfulHandler');
  expect((await refused).code).toBe('ERR_PLIMSOLL_DISPOSED');
  expect(made[0]?.ended).toBe(true);
  held.release();
  expect(pool.stats()).toMatchObject({ leasedCount: 0, idleCount: 0, pendingCount: 0 });
});

test('drain resolves at its deadline while a create and a destroy never settle', async () => {
  const { pool } = lines(
    { maxCount: 2, factoryTimeoutMs: 60_000 },
    { create: () => new Promise<Line>(() => {}), destroy: () => new Promise(() => {}) },
  );
  const waiting = failure(pool.acquire());
  expect(await pool.drain(10)).toMatchObject({ complete: false, leaked: [], refusedCount: 1 });
  expect((await waiting).code).toBe('ERR_PLIMSOLL_DISPOSED');
});

test('use gives the resource back whatever its body does', async () => {
  const { pool } = lines();
  expect(await pool.use(({ id }) => id + 40)).toBe(40);
  await expect(pool.use(() => Promise.reject(new Error('of the body')))).rejects.toThrow('of the body');
  expect(pool.stats()).toMatchObject({ idleCount: 1, leasedCount: 0 });
});

test('waits of queued callers are counted, those served at once are not', async () => {
  const { pool } = lines({ maxCount: 1 });
  const first = await pool.acquire();
  const waiting = pool.acquire();
  await sleep(5);
  first.release();
  (await waiting).release();
  (await pool.acquire()).release();
  const { waits } = pool.stats();
  expect(waits.count).toBe(2);
  expect(waits.maxMs).toBeGreaterThanOrEqual(4);
});

test.each([
  [{}, 'maxCount is undefined'],
  [{ maxCount: 0 }, 'maxCount is 0'],
  [{ maxCount: 2, minCount: 3 }, 'minCount is 3'],
  [{ maxCount: 2, idleMs: -1 }, 'idleMs is -1'],
  [{ maxCount: 2, acquireTimeoutMs: 'soon' }, 'acquireTimeoutMs is "soon"'],
  [{ maxCount: 2, factoryTimeoutMs: Number.POSITIVE_INFINITY }, 'factoryTimeoutMs is Infinity'],
])('options %j are refused with their name and value', (options, text) => {
  expect(() => new ResourcePool({ create: () => ({}) }, options as never)).toThrow(text);
});

test('a factory without create is refused', () => {
  expect(() => new ResourcePool({} as never, { maxCount: 1 })).toThrow('create is undefined');
});
