import { readFileSync } from 'node:fs';
import { BufferPool } from '@plimsoll/pool';
import { alternate, columns, round, runChild, spread } from '../measure/rounds.mjs';

const LIVE = 64;
const contenders = {
  'Buffer.alloc': () => ({ take: (bytes) => Buffer.alloc(bytes), give: () => {} }),
  'Buffer.allocUnsafe': () => ({ take: (bytes) => Buffer.allocUnsafe(bytes), give: () => {} }),
  'Buffer.allocUnsafeSlow': () => ({ take: (bytes) => Buffer.allocUnsafeSlow(bytes), give: () => {} }),
  'free list': () => freeList(() => {}),
  'free list, zeroed': () => freeList((buffer) => buffer.fill(0)),
  'ours never': () => leases('never'),
  control: () => leases('never'),
  'ours on-release': () => leases('on-release'),
  'ours on-lease': () => leases('on-lease'),
};

/** Buffers of one size, kept for ever by somebody who trusts everybody: what our buffers cost beside it is the price of a pool. */
function freeList(clean) {
  const free = [];
  return {
    take: (bytes) => free.pop() ?? Buffer.allocUnsafeSlow(bytes),
    give: (buffer) => {
      clean(buffer);
      free.push(buffer);
    },
  };
}

function leases(zeroing) {
  const pool = new BufferPool({ maxBytes: 128 * 1024 * 1024, zeroing });
  return {
    take: (bytes) => pool.lease(bytes),
    give: (lease) => lease.release(),
    of: (lease) => lease.buffer,
    rest: () => pool.stats().leasedCount,
  };
}

/** One cell, in a process of its own: CPU per operation and what the process was at its largest. */
function measureCell(name, bytes, operations) {
  const { take, give, of = (buffer) => buffer, rest = () => 0 } = contenders[name]();
  const held = [];
  const round = (count) => {
    for (let n = 0; n < count; n += 1) {
      const k = n % LIVE;
      if (held[k] !== undefined) give(held[k]);
      const taken = take(bytes);
      const buffer = of(taken);
      if (buffer.length !== bytes) throw new Error('wrong length');
      for (let at = 0; at < bytes; at += 4_096) buffer[at] = n;
      held[k] = taken;
    }
  };
  round(operations / 4);
  const before = process.cpuUsage();
  round(operations);
  const { user, system } = process.cpuUsage(before);
  for (const taken of held) give(taken);
  if (rest() !== 0) throw new Error('a lease is missing');
  const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'));
  return { cpuUs: (user + system) / operations, peakMib: Number(peak[1]) / 1_024 };
}

if (process.argv[2] === 'cell') {
  const [, , , name, bytes, operations] = process.argv;
  process.stdout.write(JSON.stringify(measureCell(name, Number(bytes), Number(operations))));
} else if (process.argv[2] === 'idle') {
  const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'));
  process.stdout.write(JSON.stringify({ peakMib: Number(peak[1]) / 1_024 }));
}

export async function measureBuffers() {
  const rows = [];
  const idle = spread([1, 2, 3].map(() => runChild(import.meta.url, 'idle').peakMib)).median;
  for (const [bytes, operations] of [
    [4_096, 400_000],
    [65_536, 100_000],
    [1_048_576, 8_000],
  ]) {
    const cells = alternate(Object.keys(contenders), 5, (name) =>
      runChild(import.meta.url, 'cell', name, String(bytes), String(operations)),
    );
    const liveMib = (LIVE * bytes) / 2 ** 20;
    const base = spread(cells.get('Buffer.allocUnsafe').map(({ cpuUs }) => cpuUs)).median;
    for (const [name, figures] of cells) {
      const cpus = figures.map(({ cpuUs }) => cpuUs);
      const peaks = figures.map(({ peakMib }) => peakMib);
      rows.push({
        bytes,
        contender: name,
        ...columns('CPU us/lease', cpus, 3),
        'x allocUnsafe': round(base / spread(cpus).median),
        'peak above idle MiB': round(spread(peaks).median - idle, 1),
        'live MiB': round(liveMib, 2),
      });
    }
  }
  return { title: `Buffers: 64 out at a time, every page touched; idle process ${round(idle, 1)} MiB`, rows };
}
