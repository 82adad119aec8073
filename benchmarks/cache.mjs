// How fast is a hit, a hit with a key made for the request, and a set that evicts; how many bytes does an entry cost; what does collection cost under churn?
//   pnpm bench cache [--json] [--sizes 1000,100000] [--rounds 31] [--only speed|memory] [--kinds string] [--operations evict] [--contenders plimsoll]
// Speed: CPU time (collection included) in one process, contenders interleaved in slices of 16,384 operations, every result checked, ratios to lru-cache by the
// median slice with quartiles.
// Memory: processes of their own, three for each contender, in turns; medians.
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import './cache/published.mjs';

const { contenders } = await import('./cache/contenders.mjs');

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    sizes: { type: 'string', default: '1000,100000,1000000' },
    rounds: { type: 'string', default: '31' },
    contenders: { type: 'string', default: '' },
    only: { type: 'string', default: '' },
    kinds: { type: 'string', default: 'string,number' },
    operations: { type: 'string', default: 'hit,fresh,evict' },
  },
});
const sliceCount = 16_384;
const rounds = Number(options.rounds);
const names = Object.keys(contenders).filter(
  (name) => options.contenders === '' || name === 'lru-cache' || options.contenders.split(',').includes(name),
);
const value = { is: 'the value' };
const stringKey = (at) => `user:${String(at).padStart(15, '0')}`;
const numberKey = (at) => at * 7 + 1;

function shuffled(keys) {
  let seed = 1;
  for (let at = keys.length - 1; at > 0; at--) {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) | 0;
    const other = (seed >>> 0) % (at + 1);
    [keys[at], keys[other]] = [keys[other], keys[at]];
  }
  return keys;
}

let loops = 0;

/** A loop of its own for every contender, so that none is slowed by the shapes of another; the comment keeps V8 from taking equal texts for one function. */
function loopOf(body) {
  // oxlint-disable-next-line no-new-func, no-implied-eval -- a function of its own is the point: shared ones would be slowed by each other's shapes.
  return new Function('cache', 'keys', 'start', 'count', 'value', `/* ${loops++} */ ${body}`);
}
const walk = (use) =>
  `let found = 0; const { length } = keys; for (let done = 0, at = start; done < count; done++) { ${use} if (++at === length) at = 0; } return found;`;
const operations = {
  hit: () => loopOf(walk('if (cache.get(keys[at]) === value) found++;')),
  fresh: () => loopOf(walk("if (cache.get('user:' + keys[at]) === value) found++;")),
  evict: () => loopOf(walk('cache.set(keys[at], value); found++;')),
};

const quantile = (sorted, ratio) => sorted[Math.floor((sorted.length - 1) * ratio)];

function measure(kind, size, operation) {
  const keyOf = kind === 'string' ? stringKey : numberKey;
  const keys = shuffled(Array.from({ length: size }, (_, at) => keyOf(at)));
  const runs = names.map((name) => {
    const cache = contenders[name](size);
    for (const key of keys) cache.set(key, value);
    return { name, cache, loop: operations[operation](), times: [], found: 0, ratios: [] };
  });
  const asked = operation === 'fresh' ? keys.map((key) => key.slice(5)) : keys;
  let fresh = 10 * size;
  for (let round = 0; round < rounds + 5; round++) {
    const start = (round * sliceCount) % size;
    const slice =
      operation === 'evict' ? Array.from({ length: sliceCount }, () => keyOf(fresh++)) : undefined;
    const order = round % 2 === 0 ? runs : runs.toReversed();
    for (const run of order) {
      const startedCpu = process.cpuUsage();
      const found = run.loop(run.cache, slice ?? asked, slice === undefined ? start : 0, sliceCount, value);
      const { user, system } = process.cpuUsage(startedCpu);
      const ns = ((user + system) * 1_000) / sliceCount;
      if (round < 5) continue;
      run.found += found;
      run.times.push(ns);
    }
  }
  const base = runs[0];
  return runs.map((run) => {
    const ratios = run.times.map((ns, at) => base.times[at] / ns).sort((a, b) => a - b);
    const times = run.times.toSorted((a, b) => a - b);
    return {
      kind,
      size,
      operation,
      name: run.name,
      ns: quantile(times, 0.5),
      ratio: quantile(ratios, 0.5),
      lowerQuartile: quantile(ratios, 0.25),
      upperQuartile: quantile(ratios, 0.75),
      isCorrect: run.found === rounds * sliceCount,
    };
  });
}

/** Medians of three processes for each contender, taken in turns. */
function measureMemory(kind, size) {
  const child = join(import.meta.dirname, 'cache', 'memory-child.mjs');
  const runs = names.map(() => []);
  for (let turn = 0; turn < 3; turn++) {
    for (const [at, name] of names.entries()) {
      const { stdout, stderr, status } = spawnSync(
        process.execPath,
        ['--expose-gc', child, name, kind, String(size)],
        { encoding: 'utf8' },
      );
      if (status !== 0) throw new Error(`${name}: ${stderr}`);
      runs[at].push(JSON.parse(stdout));
    }
  }
  const median = (values) => values.toSorted((a, b) => a - b)[1];
  return names.map((name, at) => {
    const figures = Object.keys(runs[at][0]).map((key) => [key, median(runs[at].map((run) => run[key]))]);
    return { kind, size, name, ...Object.fromEntries(figures) };
  });
}

/** Entries a contender really holds when it was made for 1,000. */
function heldCounts() {
  return Object.fromEntries(
    names.map((name) => {
      const cache = contenders[name](1_000);
      const keys = Array.from({ length: 3_500 }, (_, at) => `k${at}`);
      for (const key of keys) cache.set(key, value);
      return [name, keys.filter((key) => cache.get(key) === value).length];
    }),
  );
}

const print = (line) => process.stdout.write(`${line}\n`);
const held = heldCounts();
print(`${process.version}; entries really held at a bound of 1,000 after 3,500 different keys:`);
print(names.map((name) => `${name} ${held[name]}`).join(', '));
const speed = [];
const memory = [];
if (options.only !== 'memory') {
  for (const size of options.sizes.split(',').map(Number)) {
    for (const [kind, operation] of [
      ['string', 'hit'],
      ['string', 'fresh'],
      ['string', 'evict'],
      ['number', 'hit'],
      ['number', 'evict'],
    ]) {
      if (!options.kinds.includes(kind) || !options.operations.includes(operation)) continue;
      const rows = measure(kind, size, operation);
      speed.push(...rows);
      print(`\n${kind} ${size} ${operation}: times lru-cache's speed (quartiles), ns`);
      for (const row of rows) {
        const wrong = row.isCorrect || operation !== 'hit' ? '' : '  MISSED some: holds fewer';
        print(
          `  ${row.name.padEnd(18)}${row.ratio.toFixed(2)} (${row.lowerQuartile.toFixed(2)}–${row.upperQuartile.toFixed(2)})  ${row.ns.toFixed(0)} ns${wrong}`,
        );
      }
    }
  }
}
if (options.only !== 'speed') {
  for (const kind of ['string', 'number']) {
    const rows = measureMemory(kind, 100_000);
    memory.push(...rows);
    print(
      `\n${kind} 100000: bytes an entry beside key and value, filled and churned; under churn of 2,000,000: collection ms, longest, CPU ms`,
    );
    for (const row of rows) {
      print(
        `  ${row.name.padEnd(18)}${row.filledBytes.toFixed(1)}  ${row.churnedBytes.toFixed(1)}   ${row.gcMs.toFixed(0)}  ${row.longestGcMs.toFixed(0)}  ${row.churnCpuMs.toFixed(0)}`,
      );
    }
  }
}
if (options.json) {
  mkdirSync(join(import.meta.dirname, 'results'), { recursive: true });
  const file = join(import.meta.dirname, 'results', 'cache.json');
  writeFileSync(file, `${JSON.stringify({ node: process.version, held, speed, memory }, null, 1)}\n`);
}
