import { ResourcePool } from '@plimsoll/pool';
import genericPool from 'generic-pool';
import { Pool as LightningPool } from 'lightning-pool';
import tarn from 'tarn';
import { alternate, columns, cpuNs, round, runChild, spread } from '../measure/rounds.mjs';

let serial = 0;
const create = async () => ({ id: (serial += 1) });
const destroy = async () => {};

const contenders = {
  // Ten objects and an array of promises, checked by nobody: what it costs is the price of waiting itself.
  'promise queue': (max) => {
    const idle = Array.from({ length: max }, (_, n) => ({ id: n + 1 }));
    const waiting = [];
    let next = 0;
    return {
      take: () =>
        idle.length > 0 ? Promise.resolve(idle.pop()) : new Promise((resolve) => waiting.push(resolve)),
      give: (resource) => {
        if (next === waiting.length) {
          idle.push(resource);
          return;
        }
        const resolve = waiting[next];
        waiting[next] = undefined;
        next += 1;
        if (next === waiting.length) waiting.length = next = 0;
        resolve(resource);
      },
      end: () => {},
    };
  },
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
      give: (resource) => pool.release(resource),
      end: () => pool.close(0),
    };
  },
  ours: (max) => {
    const pool = new ResourcePool({ create, destroy }, { maxCount: max, maxWaiterCount: 200_000 });
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
      { maxCount: max, maxWaiterCount: 200_000, leakDetection: 'off' },
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
    give(taken);
  }
  return seen;
}

async function workers(pool, count, width) {
  const seen = await Promise.all(Array.from({ length: width }, () => sequential(pool, count / width)));
  return seen.reduce((sum, some) => sum + some, 0);
}

const scenarios = {
  'one after the other': { count: 100_000, run: sequential },
  '100 workers on 10': { count: 100_000, run: (pool, count) => workers(pool, count, 100) },
  '10,000 waiting on 10': { count: 10_000, run: (pool, count) => workers(pool, count, count) },
  '50,000 waiting on 10': {
    count: 50_000,
    run: (pool, count) => workers(pool, count, count),
    without: ['tarn'],
  },
  '200,000 waiting on 10': {
    count: 200_000,
    run: (pool, count) => workers(pool, count, count),
    without: ['tarn', 'lightning-pool', 'generic-pool, bounded', 'control'],
  },
};

/** One cell, in a process of its own: the least CPU per operation of five rounds after one that compiles. */
async function measureCell(name, scenario) {
  const { count, run } = scenarios[scenario];
  const pool = contenders[name](10);
  const figures = [];
  for (let repeat = 0; repeat < 6; repeat += 1) {
    let seen = 0;
    const ns = await cpuNs(async () => (seen = await run(pool, count)));
    if (seen !== count) throw new Error(`${name}: ${seen} of ${count} served`);
    if (repeat > 0) figures.push(ns / 1_000 / count);
  }
  await pool.end();
  return { cpuUs: Math.min(...figures) };
}

if (process.argv[2] === 'cell') {
  process.stdout.write(JSON.stringify(await measureCell(process.argv[3], process.argv[4])));
}

export async function measureResources() {
  const rows = [];
  for (const [scenario, { without = [] }] of Object.entries(scenarios)) {
    const names = Object.keys(contenders).filter((name) => !without.includes(name));
    const cells = alternate(names, 3, (name) => runChild(import.meta.url, 'cell', name, scenario).cpuUs);
    const base = spread(cells.get('generic-pool')).median;
    for (const [name, figures] of cells) {
      rows.push({
        scenario,
        contender: name,
        ...columns('CPU us/lease', figures, 3),
        'x generic-pool': round(base / spread(figures).median),
      });
    }
  }
  return { title: 'Resources: CPU per acquire and release, each contender in processes of its own', rows };
}
