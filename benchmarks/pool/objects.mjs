import { ObjectPool } from '@plimsoll/pool';
import deepool from 'deepool';
import reusify from 'reusify';
import { alternate, columns, cpuNs, round, runChild, spread } from '../measure/rounds.mjs';

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
    operations: 2_000_000,
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
const state = Symbol('state');
/** Leases in one call of the measured function: called often, as in a service, it is compiled as there and not for one long loop. */
const CALL_LENGTH = 5_000;

/** The list one writes for a service: for any kind of object, with a bound, and checking nothing. */
class FreeList {
  #free = [];
  #create;
  #reset;
  #maxIdleCount;

  constructor({ create, reset, maxIdleCount }) {
    this.#create = create;
    this.#reset = reset;
    this.#maxIdleCount = maxIdleCount;
  }

  take() {
    if (this.#free.length > 0) return this.#free.pop();
    const create = this.#create;
    return create();
  }

  give(object) {
    const reset = this.#reset;
    if (reset !== undefined) reset(object);
    if (this.#free.length < this.#maxIdleCount) this.#free.push(object);
  }
}

function freeList({ create, reset }) {
  const list = new FreeList({ create, reset, maxIdleCount: 1_000 });
  return { take: () => list.take(), give: (object) => list.give(object) };
}

const contenders = {
  'free list': freeList,
  control: freeList,
  // For this one kind of object and without a bound: an array in a closure, which the compiler knows all of. On Node 24 an object that does not leave its block is gone.
  'free list by hand': ({ create, reset }) => {
    const free = [];
    return {
      take: () => (free.length > 0 ? free.pop() : create()),
      give: (object) => {
        reset(object);
        free.push(object);
      },
    };
  },
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
  // What noticing a double release costs at the least: one property, written twice and read once.
  'free list + state': ({ create, reset }) => {
    const make = () => {
      const object = create();
      object[state] = 0;
      return object;
    };
    const list = new FreeList({ create: make, reset, maxIdleCount: 1_000 });
    return {
      take: () => {
        const object = list.take();
        object[state] = 1;
        return object;
      },
      give: (object) => {
        if (object[state] !== 1) throw new Error('not out');
        object[state] = 0;
        list.give(object);
      },
    };
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

/** 64 out at a time: the oldest goes back before the next is taken. */
function runWindow({ take, give, of = (taken) => taken }, touch, count) {
  const held = Array.from({ length: WINDOW }, () => undefined);
  let sum = 0;
  for (let n = 0; n < count; n += 1) {
    const k = n % WINDOW;
    if (held[k] !== undefined) give(held[k]);
    const taken = take();
    sum += touch(of(taken), n);
    held[k] = taken;
  }
  for (const taken of held) if (taken !== undefined) give(taken);
  return sum;
}

/** Taken, touched and given back in one block, as with `using`. */
function runBlock({ take, give, of = (taken) => taken }, touch, count) {
  let sum = 0;
  for (let n = 0; n < count; n += 1) {
    const taken = take();
    sum += touch(of(taken), n);
    give(taken);
  }
  return sum;
}

kinds['small, in a block'] = { ...kinds.small, run: runBlock };
// As in a service with many pools: code that has seen more than four kinds of object looks a property up instead of knowing where it is.
kinds['small, beside six other kinds'] = { ...kinds.small, otherKindCount: 6 };

/** Uses `contender` for objects of so many other shapes. */
function useOtherKinds(contender, otherKindCount) {
  for (let kind = 0; kind < otherKindCount; kind += 1) {
    const create = () => ({ [`only${kind}`]: 0, a: 0 });
    runWindow(contenders[contender]({ create, reset: kinds.small.reset }), kinds.small.touch, 20_000);
  }
}

/** One cell, in a process of its own: the least CPU per operation of seven rounds after one that compiles. */
async function measureCell(name, kind) {
  const { create, reset, touch, operations, run = runWindow, otherKindCount = 0 } = kinds[kind];
  useOtherKinds(name, otherKindCount);
  const contender = contenders[name]({ create, reset });
  const callCount = operations / (contender.slow ?? 1) / CALL_LENGTH;
  const loop = () => {
    let sum = 0;
    for (let call = 0; call < callCount; call += 1) sum += run(contender, touch, CALL_LENGTH);
    return sum;
  };
  const right = (callCount * ((CALL_LENGTH - 1) * CALL_LENGTH)) / 2;
  const figures = [];
  for (let repeat = 0; repeat < 8; repeat += 1) {
    let sum = 0;
    const ns = await cpuNs(() => (sum = loop()));
    if (sum !== right) throw new Error(`${name}: wrong sum ${sum}`);
    if (repeat > 0) figures.push(ns / (callCount * CALL_LENGTH));
  }
  return { cpuNs: Math.min(...figures) };
}

if (process.argv[2] === 'cell') {
  process.stdout.write(JSON.stringify(await measureCell(process.argv[3], process.argv[4])));
}

export async function measureObjects() {
  const rows = [];
  for (const kind of Object.keys(kinds)) {
    const cells = alternate(
      Object.keys(contenders),
      5,
      (name) => runChild(import.meta.url, 'cell', name, kind).cpuNs,
    );
    const base = spread(cells.get('free list')).median;
    for (const [name, figures] of cells) {
      rows.push({
        kind,
        contender: name,
        ...columns('CPU ns/lease', figures, 1),
        'x free list': round(spread(figures).median / base),
      });
    }
  }
  return {
    title:
      'Objects: CPU per take, touch, reset and give, each contender in processes of its own; 64 out at a time, or one within a block',
    rows,
  };
}
