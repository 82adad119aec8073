import { compileFunction } from 'node:vm';
import { lazy } from '@plimsoll/lazy';
import { cpuNs, interleave, round } from '../measure/rounds.mjs';

const OPERATIONS = 20_000_000;
const loop = `let sum = 0; for (let n = 0; n < ${OPERATIONS}; n += 1) sum += holder.value.step; return sum;`;

export async function measureAccess() {
  const module = { step: 1 };
  const path = lazy(() => Promise.resolve(module));
  await path.load();
  const holders = { 'property read': { value: module }, control: { value: module }, 'lazy.value': path };
  const runs = Object.entries(holders).map(([name, holder]) => {
    const read = compileFunction(loop, ['holder']);
    const run = async () => {
      let sum = 0;
      const ns = await cpuNs(() => (sum = read(holder)));
      if (sum !== OPERATIONS) throw new Error(`${name}: wrong sum`);
      return ns / OPERATIONS;
    };
    return { name, run };
  });
  const figures = await interleave(runs, 9);
  const base = figures.get('property read').median;
  const rows = [...figures].map(([name, { median, low, high }]) => ({
    contender: name,
    'CPU ns/read': round(median, 2),
    low: round(low, 2),
    high: round(high, 2),
    'ns above a property read': round(median - base, 2),
  }));
  return { title: 'Access after load', rows };
}
