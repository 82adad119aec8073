import { ResourcePool } from '@plimsoll/pool';
import genericPool from 'generic-pool';
import { Pool as LightningPool } from 'lightning-pool';
import tarn from 'tarn';
import { cpuNs, interleave, round } from './rounds.mjs';

let serial = 0;
const create = async () => ({ id: (serial += 1) });
const destroy = async () => {};

const contenders = {
  'generic-pool': (max) => {
    const pool = genericPool.createPool({ create, destroy }, { max });
    return {
      take: () => pool.acquire(),
      give: (resource) => pool.release(resource),
      end: async () => (await pool.drain(), await pool.clear()),
    };
  },
  control: (max) => contenders['generic-pool'](max),
  'generic-pool, bounded': (max) => {
    const pool = genericPool.createPool(
      { create, destroy },
      { max, acquireTimeoutMillis: 30_000, maxWaitingClients: 100_000 },
    );
    return {
      take: () => pool.acquire(),
      give: (resource) => pool.release(resource),
      end: async () => (await pool.drain(), await pool.clear()),
    };
  },
  tarn: (max) => {
    const pool = new tarn.Pool({ create, destroy, min: 0, max });
    return {
      take: () => pool.acquire().promise,
      give: (resource) => pool.release(resource),
      end: () => pool.destroy(),
    };
  },
  'lightning-pool': (max) => {
    const pool = new LightningPool(
      { create, destroy, reset: async () => {}, validate: async () => {} },
      { max, maxQueue: 100_000, resetOnReturn: false, validation: false },
    );
    return {
      take: () => pool.acquire(),
      give: (resource) => pool.releaseAsync(resource),
      end: () => pool.close(0),
    };
  },
  ours: (max) => {
    const pool = new ResourcePool({ create, destroy }, { maxCount: max, maxWaiterCount: 100_000 });
    return {
      take: () => pool.acquire(),
      give: (lease) => lease.release(),
      of: (lease) => lease.resource,
      end: () => pool.drain(1_000),
    };
  },
  'ours, unwatched': (max) => {
    const pool = new ResourcePool(
      { create, destroy },
      { maxCount: max, maxWaiterCount: 100_000, leakDetection: 'off' },
    );
    return {
      take: () => pool.acquire(),
      give: (lease) => lease.release(),
      of: (lease) => lease.resource,
      end: () => pool.drain(1_000),
    };
  },
};

async function sequential({ take, give, of = (x) => x }, count) {
  let seen = 0;
  for (let n = 0; n < count; n += 1) {
    const taken = await take();
    seen += of(taken).id > 0 ? 1 : 0;
    await give(taken);
  }
  return seen;
}

async function workers(pool, count, width) {
  const each = count / width;
  const seen = await Promise.all(Array.from({ length: width }, () => sequential(pool, each)));
  return seen.reduce((a, b) => a + b, 0);
}

/** `count` callers ask at once, each gives back as soon as it is served. */
async function burst({ take, give, of = (x) => x }, count) {
  let seen = 0;
  await Promise.all(
    Array.from({ length: count }, async () => {
      const taken = await take();
      seen += of(taken).id > 0 ? 1 : 0;
      await give(taken);
    }),
  );
  return seen;
}

const scenarios = [
  { scenario: 'uncontended, one after the other', max: 10, count: 40_000, run: sequential },
  { scenario: '100 workers on 10', max: 10, count: 40_000, run: (pool, count) => workers(pool, count, 100) },
  { scenario: '10,000 waiting on 10', max: 10, count: 10_000, run: burst },
  { scenario: '50,000 waiting on 10', max: 10, count: 50_000, run: burst, without: ['tarn'] },
];

export async function measureResources() {
  const rows = [];
  for (const { scenario, max, count, run, without = [] } of scenarios) {
    const names = Object.keys(contenders).filter((name) => !without.includes(name));
    const pools = new Map(names.map((name) => [name, contenders[name](max)]));
    const runs = names.map((name) => ({
      name,
      run: async () => {
        let seen = 0;
        const ns = await cpuNs(async () => (seen = await run(pools.get(name), count)));
        if (seen !== count) throw new Error(`${name}: ${seen} of ${count} served`);
        return ns / 1_000 / count;
      },
    }));
    const figures = await interleave(runs, 5);
    const base = figures.get('generic-pool').median;
    for (const [name, { median, low, high }] of figures) {
      rows.push({
        scenario,
        contender: name,
        'CPU us/lease': round(median),
        low: round(low),
        high: round(high),
        'x generic-pool': round(base / median),
      });
    }
    for (const { end } of pools.values()) await end();
  }
  return { title: 'Resources: CPU per acquire and release', rows };
}
