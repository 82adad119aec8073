import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';

let upstream: Server;
let gateway: ChildProcess;
let url = '';
let requests = 0;

beforeAll(async () => {
  upstream = createServer((request, response) => {
    requests++;
    if (request.url === '/private') response.setHeader('cache-control', 'private');
    else response.setHeader('cache-control', 'max-age=60');
    if (request.url === '/failing') response.statusCode = 503;
    setTimeout(() => response.end(`answer ${requests}`), 50);
  });
  upstream.listen(0, '127.0.0.1');
  await once(upstream, 'listening');
  const address = upstream.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const file = join(import.meta.dirname, '..', 'examples', 'api-gateway', 'gateway.mjs');
  gateway = spawn(process.execPath, [file], {
    env: { ...process.env, UPSTREAM: `http://127.0.0.1:${port}`, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(gateway.stdout ?? gateway, 'data')) as [Buffer];
  url = `http://127.0.0.1:${/listening on (\d+)/.exec(line.toString())?.[1]}`;
});

afterAll(async () => {
  const ended = once(gateway, 'exit');
  gateway.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
  upstream.close();
});

const ask = async (path: string): Promise<string> => await (await fetch(url + path)).text();

it('asks its upstream once for 20 requests at the same time, and not again for a minute', async () => {
  const answers = await Promise.all(Array.from({ length: 20 }, () => ask('/shared')));
  expect(new Set(answers)).toEqual(new Set(['answer 1']));
  const again = await fetch(`${url}/shared`);
  expect([again.headers.get('x-cache'), await again.text()]).toEqual(['hit', 'answer 1']);
  expect(requests).toBe(1);
});

it('keeps neither what is private nor what failed', async () => {
  expect(await ask('/private')).not.toBe(await ask('/private'));
  expect((await fetch(`${url}/failing`)).status).toBe(503);
  expect(await ask('/failing')).not.toBe(await ask('/failing'));
  expect((await fetch(`${url}/shared`, { headers: { authorization: 'x' } })).status).toBe(401);
  const stats = JSON.parse(await ask('/-/cache')) as { count: number; bytes: number };
  expect(stats.count).toBe(1);
  expect(stats.bytes).toBeGreaterThan(0);
});
