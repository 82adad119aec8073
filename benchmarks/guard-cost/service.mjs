// A service of the usual kind: a request is parsed, passes 24 awaits, touches a cache, is answered with JSON. Its parent asks for CPU time and memory over IPC.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

const cache = new Map();
const step = async (value) => value + 1;

async function handle(body) {
  let count = 0;
  for (let i = 0; i < 24; i += 1) count = await step(count);
  const { id, items } = JSON.parse(body);
  const total = items.reduce((sum, { price, quantity }) => sum + price * quantity, 0);
  cache.set(id % 5000, { id, total, at: count });
  return JSON.stringify({ id, total, count, recent: cache.size });
}

async function answer(request, response) {
  let body = '';
  for await (const chunk of request) body += chunk;
  response.setHeader('content-type', 'application/json').end(await handle(body));
}

const server = createServer((request, response) => void answer(request, response));

const anonymousBytes = () =>
  Number(/RssAnon:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? Number.NaN) * 1024;

server.listen(0, '127.0.0.1', () => {
  process.send({ port: server.address().port, readyMs: performance.now(), anonymousBytes: anonymousBytes() });
});
process.on('message', (question) => {
  if (question === 'stop') process.exit(0);
  process.send({ cpu: process.cpuUsage(), anonymousBytes: anonymousBytes() });
});
