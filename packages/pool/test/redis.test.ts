import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isPlimsollError } from '@plimsoll/memory';
import { createClient } from 'redis';
import { expect, test } from 'vitest';
import { ResourcePool } from '../src/index.ts';

const installed = spawnSync('redis-server', ['--version']).status === 0;
const skipped = installed ? '' : ' [SKIPPED: redis-server is not installed; apt-get install redis-server]';

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function startRedis(port: number, folder: string): Promise<ChildProcess> {
  const options = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', folder];
  const server = spawn('redis-server', options, { stdio: ['ignore', 'pipe', 'ignore'] });
  await new Promise<void>((resolve) => {
    let said = '';
    server.stdout.on('data', (chunk) => {
      said += String(chunk);
      if (said.includes('Ready to accept connections')) resolve();
    });
  });
  return server;
}

function connect(port: number) {
  const client = createClient({ socket: { port, host: '127.0.0.1', reconnectStrategy: false } });
  // Without a listener the driver's `error` event would end the process; the pool sees the fault through isReady.
  client.on('error', () => {});
  return client.connect();
}

test.skipIf(!installed)(
  `20 connections to Redis through 10,000 operations, the server killed in mid-lease, lose no permit${skipped}`,
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'plimsoll-redis-'));
    const port = await freePort();
    let server = await startRedis(port, folder);
    const pool = new ResourcePool(
      {
        create: () => connect(port),
        validate: (client) => client.isReady,
        destroy: (client) => client.destroy(),
      },
      { maxCount: 20, acquireTimeoutMs: 10_000, name: 'redis' },
    );
    let done = 0;
    let failed = 0;
    let most = 0;
    const worker = async (): Promise<void> => {
      while (done < 10_000) {
        done += 1;
        try {
          await pool.use(async (client) => {
            most = Math.max(most, pool.leasedCount);
            await client.incr('operations');
          });
        } catch (error) {
          failed += 1;
          // A pool that is without a server says so at once; a client that comes straight back would be the busy loop.
          if (isPlimsollError(error)) await sleep(5);
        }
      }
    };
    const work = Promise.all(Array.from({ length: 60 }, worker));
    try {
      while (done < 3_000) await sleep(1);
      expect(pool.leasedCount).toBeGreaterThan(0);
      server.kill('SIGKILL');
      await once(server, 'exit');
      expect(done).toBeLessThan(10_000);
      await sleep(100);
      server = await startRedis(port, folder);
      await work;

      expect(most).toBe(20);
      expect(failed).toBeGreaterThan(0);
      expect(pool.stats()).toMatchObject({ leasedCount: 0, waiterCount: 0 });
      const leases = await Promise.all(Array.from({ length: 20 }, () => pool.acquire()));
      const answers = await Promise.all(leases.map(({ resource }) => resource.ping()));
      expect(answers).toEqual(Array.from({ length: 20 }, () => 'PONG'));
      expect(pool.tryAcquire()).toBeUndefined();
      for (const lease of leases) lease.release();
      expect(await pool.drain(2_000)).toMatchObject({ complete: true, leaked: [] });
    } finally {
      server.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    }
  },
  30_000,
);
