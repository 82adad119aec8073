// A gateway that keeps the responses of its upstream: bounded in bytes, loaded once however many ask, kept as long as Cache-Control says, served stale while
// a new one is fetched, and given back when the process runs short of memory.
//   UPSTREAM=http://localhost:9000 PORT=8080 node examples/api-gateway/gateway.mjs
import { createServer } from 'node:http';
import { Cache } from '@plimsoll/cache';
import { mib } from '@plimsoll/memory';

const upstream = process.env['UPSTREAM'] ?? 'http://localhost:9000';
/** A larger response is passed on and not kept: one download must not empty the cache. */
const largestKeptBytes = mib(1);

const responses = new Cache({
  name: 'responses',
  maxBytes: mib(64),
  ttlMs: 10_000,
  staleWhileRevalidateMs: 30_000,
});

/** Milliseconds a response may be kept by everybody: 0 when it may not, undefined when it does not say. */
function keptMs(headers) {
  const control = headers.get('cache-control') ?? '';
  if (/no-store|no-cache|private/.test(control) || headers.has('set-cookie')) return 0;
  const seconds = /s-maxage=(\d+)/.exec(control)?.[1] ?? /max-age=(\d+)/.exec(control)?.[1];
  return seconds === undefined ? undefined : Number(seconds) * 1_000;
}

async function load(path, { signal, keepFor }) {
  const reply = await fetch(upstream + path, { signal, headers: { accept: 'application/json' } });
  const body = Buffer.from(await reply.arrayBuffer());
  const ms = reply.status === 200 && body.length <= largestKeptBytes ? keptMs(reply.headers) : 0;
  if (ms !== undefined) keepFor(ms);
  return {
    status: reply.status,
    type: reply.headers.get('content-type') ?? 'application/octet-stream',
    body,
  };
}

async function answer(request, response) {
  if (request.url === '/-/cache') {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(responses.stats()));
    return;
  }
  // Only what is the same for everybody may be shared.
  const isShared = request.method === 'GET' && request.headers.authorization === undefined;
  if (!isShared) {
    response.writeHead(request.method === 'GET' ? 401 : 405).end();
    return;
  }
  const leaving = new AbortController();
  response.once('close', () => leaving.abort());
  try {
    let isMiss = false;
    const loadHere = async (path, context) => {
      isMiss = true;
      return await load(path, context);
    };
    const { status, type, body } = await responses.fetch(request.url, loadHere, { signal: leaving.signal });
    response.writeHead(status, { 'content-type': type, 'x-cache': isMiss ? 'miss' : 'hit' }).end(body);
  } catch (error) {
    if (leaving.signal.aborted) return;
    response.writeHead(502, { 'content-type': 'text/plain' }).end(`upstream: ${error.message}\n`);
  }
}

const server = createServer((request, response) => {
  // Every failure is answered inside.
  void answer(request, response);
});

server.listen(Number(process.env['PORT'] ?? 8080), () => {
  process.stdout.write(`listening on ${server.address().port}\n`);
});
for (const signal of ['SIGTERM', 'SIGINT']) {
  process.once(signal, () => {
    responses[Symbol.dispose]();
    server.close();
    server.closeIdleConnections();
  });
}
