import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { ResourcePool } from '../src/index.ts';

const source = `
  const { parentPort } = require('node:worker_threads');
  parentPort.on('message', (message) => {
    if (message === 'exit') process.exit(3);
    else parentPort.postMessage(message + 1);
  });`;

async function ask(worker: Worker, message: number): Promise<unknown> {
  worker.postMessage(message);
  const [answer] = (await once(worker, 'message')) as [unknown];
  return answer;
}

test('a worker that exits while it is leased is replaced as it comes back, for the next caller and for one in line', async () => {
  const pool = new ResourcePool(
    {
      create: async () => {
        const worker = new Worker(source, { eval: true });
        await once(worker, 'online');
        return worker;
      },
      // A thread that has ended has the id -1.
      validate: (worker) => worker.threadId !== -1,
      destroy: (worker) => worker.terminate(),
    },
    { maxCount: 1, name: 'workers' },
  );
  for (const inLine of [false, true]) {
    const lease = await pool.acquire();
    const lost = lease.resource;
    expect(await ask(lost, 1)).toBe(2);
    const waiting = inLine ? pool.acquire() : undefined;
    lost.postMessage('exit');
    expect(await once(lost, 'exit')).toEqual([3]);
    expect(lease.resource).toBe(lost);
    lease.release();
    const next = await (waiting ?? pool.acquire());
    expect(next.resource).not.toBe(lost);
    expect(await ask(next.resource, 2)).toBe(3);
    next.release();
  }
  expect(pool.stats()).toMatchObject({ createdCount: 3, destroyedCount: 2, leasedCount: 0, idleCount: 1 });
  expect(await pool.drain(5_000)).toMatchObject({ complete: true, leaked: [] });
});
