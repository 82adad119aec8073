// Requests on which nothing was tuned: other exponents, loops, scans, shifts and mixes than in traces.mjs, drawn from seeds. The policy is judged on them only.
import { random, zipfKeys } from './generators.mjs';

const requestCount = 200_000;
const made = (next) => Uint32Array.from({ length: requestCount }, (_, at) => next(at));

/** Keys by their place in a list of what was used last: the distance is `draw`'s. */
function byStackDistance(draw) {
  const stack = Array.from({ length: 20_000 }, (_, at) => at);
  let fresh = stack.length;
  return made(() => {
    const distance = draw();
    const at = stack.length - 1 - distance;
    const key = at < 0 ? fresh++ : stack.splice(at, 1)[0];
    stack.push(key);
    return key;
  });
}

/** Popularity that wanders: every `period` requests the ranks are turned a little. */
function drifting(keyCount, exponent, period, step, seed) {
  const next = zipfKeys(keyCount, exponent, seed);
  return made((at) => (next() + Math.floor(at / period) * step) % keyCount);
}

/** A loop beside skewed requests: `loopRatio` of the requests walk it. */
function loopBeside(loopKeys, loopRatio, keyCount, exponent, seed) {
  const next = zipfKeys(keyCount, exponent, seed);
  const chance = random(seed + 1);
  let at = 0;
  return made(() => (chance() < loopRatio ? 1_000_000 + (at++ % loopKeys) : next()));
}

/** Scans of keys that never come again, between skewed requests. */
function scans(every, length, keyCount, exponent, seed) {
  const next = zipfKeys(keyCount, exponent, seed);
  return made((at) => (at % every < length ? 1_000_000 + at : next()));
}

/** One kind of traffic after the other, `period` requests each. */
function phases(period, kinds) {
  return made((at) => kinds[Math.floor(at / period) % kinds.length](at));
}

/** Held-out traces of a seed. */
export function heldOutTraces(seed) {
  const sizes = [100, 700, 3_000];
  const recipes = {
    'zipf 0.6': () => made(zipfKeys(30_000, 0.6, seed)),
    'zipf 0.8': () => made(zipfKeys(30_000, 0.8, seed)),
    'zipf 1.0': () => made(zipfKeys(30_000, 1, seed)),
    'zipf 1.2': () => made(zipfKeys(30_000, 1.2, seed)),
    'uniform 5,000': () => made(zipfKeys(5_000, 0, seed)),
    'loop 900': () => made((at) => at % 900),
    'loop 3,300': () => made((at) => at % 3_300),
    'loop 110': () => made((at) => at % 110),
    'loop that grows': () => made((at) => (at * at) % (500 + Math.floor(at / 100))),
    'zigzag 1,100': () => made((at) => (Math.floor(at / 1_100) % 2 ? 1_099 - (at % 1_100) : at % 1_100)),
    'loop 2,000 beside zipf': () => loopBeside(2_000, 0.4, 20_000, 0.9, seed),
    'loop 300 beside zipf': () => loopBeside(300, 0.2, 20_000, 0.9, seed),
    'scans of 1,500': () => scans(6_000, 1_500, 20_000, 0.9, seed),
    'scans of 12,000': () => scans(30_000, 12_000, 20_000, 1, seed),
    'drift, slow': () => drifting(20_000, 0.9, 10_000, 211, seed),
    'drift, fast': () => drifting(20_000, 0.9, 1_000, 211, seed),
    'shift of all': () => drifting(20_000, 1, 25_000, 7_919, seed),
    'recency, mean distance 80': () => {
      const next = random(seed);
      return byStackDistance(() => Math.floor(-Math.log(1 - next()) * 80));
    },
    'recency, mean distance 600': () => {
      const next = random(seed);
      return byStackDistance(() => Math.floor(-Math.log(1 - next()) * 600));
    },
    'recency, heavy tail': () => {
      const next = random(seed);
      return byStackDistance(() => Math.floor(4 / (1 - next()) ** 1.2));
    },
    'twice, 60 later': () => made((at) => (at % 2 === 0 ? at : Math.max(0, at - 121))),
    'twice, 500 later': () => made((at) => (at % 2 === 0 ? at : Math.max(0, at - 1_001))),
    'three times, 40 later': () => made((at) => Math.max(0, Math.floor(at / 3) - (at % 3) * 40)),
    'loop, then recency, then zipf': () => {
      const zipf = zipfKeys(20_000, 0.9, seed);
      return phases(20_000, [(at) => at % 900, (at) => 2_000_000 + Math.floor(at / 2) - (at % 2) * 50, zipf]);
    },
    'two loops in turns': () => phases(8_000, [(at) => at % 500, (at) => 1_000_000 + (at % 2_500)]),
    'a window that moves': () => {
      const next = random(seed);
      return made((at) => Math.floor(at / 20) + Math.floor(next() * 800));
    },
  };
  return Object.entries(recipes).map(([name, read]) => ({ name, sizes, read }));
}
