import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Runs every contender once a round, in another order each time, and answers the median and spread of its figures. `run` returns what the round cost per operation. */
export async function interleave(contenders, rounds) {
  const samples = new Map(contenders.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds + 1; round += 1) {
    const order = contenders.map((contender, index) => [
      (index * 7 + round * 3) % contenders.length,
      contender,
    ]);
    order.sort(([a], [b]) => a - b);
    for (const [, { name, run }] of order) {
      globalThis.gc?.();
      const figure = await run();
      // The first round compiles.
      if (round > 0) samples.get(name).push(figure);
    }
  }
  return new Map([...samples].map(([name, figures]) => [name, spread(figures)]));
}

export function spread(figures) {
  const sorted = figures.toSorted((a, b) => a - b);
  const at = (ratio) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * ratio))];
  return { median: at(0.5), low: sorted[0], high: sorted.at(-1) };
}

/** Process CPU of `work` in nanoseconds, collections and compilation included. */
export async function cpuNs(work) {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) * 1_000;
}

export const round = (value, digits = 2) => Number(value.toFixed(digits));

/** Runs the module once more, alone in a process, and answers the JSON it prints. */
export function runChild(url, ...args) {
  const { stdout, stderr, status } = spawnSync(process.execPath, [fileURLToPath(url), ...args], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

/** Runs `measure` for every name, `repeats` times over, so that what the machine does meanwhile falls on all alike; answers the figures of each. */
export function alternate(names, repeats, measure) {
  const figures = new Map(names.map((name) => [name, []]));
  for (let repeat = 0; repeat < repeats; repeat += 1) {
    for (const [name, list] of figures) list.push(measure(name));
  }
  return figures;
}

/** The columns of one contender: median, lowest and highest under one heading. */
export function columns(heading, figures, digits) {
  const { median, low, high } = spread(figures);
  return { [heading]: round(median, digits), low: round(low, digits), high: round(high, digits) };
}
