// Leaks in an async HTTP handler, some 20 awaits a request, driven by clients in the same process: `node async.mjs <MB per second>`.
import { once } from 'node:events';
import { Agent, createServer, get } from 'node:http';
import { keepWithinBound } from './innocent.mjs';

const perSecond = Number(process.argv[2] ?? 20) * 1e6;
const perRequest = Math.max(1, Math.round(perSecond / 900 / 100));
const audit = [];
let next = 0;

async function lookUp(id) {
  for (let step = 0; step < 20; step += 1) await Promise.resolve();
  const orders = [];
  for (let index = 0; index < 14; index += 1) orders.push({ index, id, item: 'book' });
  return { id, name: `user-${id}`, orders };
}

async function recordAudit() {
  for (let count = 0; count < perRequest; count += 1) audit.push(await lookUp((next += 1)));
}

const server = createServer((request, response) => {
  keepWithinBound(perRequest);
  void recordAudit().then(() => response.end('ok\n'));
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const agent = new Agent({ keepAlive: true, maxSockets: 4 });
const { port } = server.address();
setInterval(() => {
  get({ port, host: '127.0.0.1', path: '/account', agent }, (response) => response.resume()).on(
    'error',
    () => {},
  );
}, 10);
