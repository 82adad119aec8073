import { compileFunction } from 'node:vm';
import { ObjectPool } from '@plimsoll/pool';
import deepool from 'deepool';
import reusify from 'reusify';
import { cpuNs, interleave, round } from './rounds.mjs';

/** What is pooled: four fields; an array of 64 and a Map of 8; 8 KiB of numbers; each cleaned as it comes back, by everyone alike. */
const kinds = {
  small: {
    create: () => ({ a: 0, b: 0, c: null, d: null, next: null }),
    reset: (o) => {
      o.a = 0;
      o.b = 0;
      o.c = null;
      o.d = null;
    },
    touch: (o, n) => (o.a = n),
    operations: 1_000_000,
  },
  medium: {
    create: () => ({ slots: Array.from({ length: 64 }, () => 0), map: new Map(), next: null }),
    reset: (o) => {
      o.slots.fill(0);
      o.map.clear();
    },
    touch: (o, n) => {
      for (let key = 0; key < 8; key += 1) o.map.set(key, n);
      o.slots[n & 63] = n;
      return n;
    },
    operations: 100_000,
  },
  large: {
    create: () => ({ numbers: new Float64Array(1_024), next: null }),
    reset: (o) => o.numbers.fill(0),
    touch: (o, n) => (o.numbers[n & 1_023] = n),
    operations: 100_000,
  },
};

const WINDOW = 64;

function freeList({ create, reset }) {
  const free = [];
  return {
    take: () => (free.length > 0 ? free.pop() : create()),
    give: (object) => {
      reset(object);
      free.push(object);
    },
  };
}

const contenders = {
  'free list': freeList,
  control: freeList,
  'ours acquire': ({ create, reset }) => {
    const pool = new ObjectPool({ create, reset, maxIdleCount: 1_000 });
    return { take: () => pool.acquire(), give: (object) => pool.release(object) };
  },
  'ours lease': ({ create, reset }) => {
    const pool = new ObjectPool({ create, reset, maxIdleCount: 1_000 });
    return {
      take: () => pool.lease(),
      give: (lease) => lease[Symbol.dispose](),
      of: (lease) => lease.value,
    };
  },
  'ours exact': ({ create, reset }) => {
    const pool = new ObjectPool({ create, reset, maxIdleCount: 1_000, leakDetection: 'exact' });
    return { take: () => pool.acquire(), give: (object) => pool.release(object), slow: 20 };
  },
  'free list + Set': ({ create, reset }) => {
    const free = [];
    const out = new Set();
    return {
      take: () => {
        const object = free.length > 0 ? free.pop() : create();
        out.add(object);
        return object;
      },
      give: (object) => {
        if (!out.delete(object)) throw new Error('not out');
        reset(object);
        free.push(object);
      },
    };
  },
  reusify: ({ create, reset }) => {
    function Made() {
      Object.assign(this, create());
    }
    const pool = reusify(Made);
    return {
      take: () => pool.get(),
      give: (object) => {
        reset(object);
        pool.release(object);
      },
    };
  },
  deepool: ({ create, reset }) => {
    const pool = deepool.create(create);
    return {
      take: () => pool.use(),
      give: (object) => {
        reset(object);
        pool.recycle(object);
      },
    };
  },
  new: ({ create }) => ({ take: create, give: () => {} }),
};

// Compiled anew for every contender: one shared loop would see all of them and inline none.
const loopSource = `
  const held = new Array(${WINDOW}).fill(undefined);
  let sum = 0;
  for (let n = 0; n < operations; n += 1) {
    const k = n & ${WINDOW - 1};
    if (held[k] !== undefined) give(held[k]);
    const taken = take();
    sum += touch(of === undefined ? taken : of(taken), n);
    held[k] = taken;
  }
  for (const taken of held) if (taken !== undefined) give(taken);
  return sum;`;

export async function measureObjects() {
  const rows = [];
  for (const [kind, { create, reset, touch, operations }] of Object.entries(kinds)) {
    const expected = ((operations - 1) * operations) / 2;
    const runs = Object.entries(contenders).map(([name, make]) => {
      const { take, give, of, slow = 1 } = make({ create, reset });
      const loop = compileFunction(loopSource, ['take', 'give', 'touch', 'of', 'operations']);
      const count = operations / slow;
      const run = async () => {
        let sum = 0;
        const ns = await cpuNs(() => (sum = loop(take, give, touch, of, count)));
        if (slow === 1 && sum !== expected) throw new Error(`${name}: wrong sum ${sum}`);
        return ns / count;
      };
      return { name, run };
    });
    const figures = await interleave(runs, 7);
    const base = figures.get('free list').median;
    for (const [name, { median, low, high }] of figures) {
      rows.push({
        kind,
        contender: name,
        'CPU ns/lease': round(median, 1),
        low: round(low, 1),
        high: round(high, 1),
        'x free list': round(median / base),
      });
    }
  }
  return { title: 'Objects: CPU per take, touch, reset and give, 64 out at a time', rows };
}
