import { channel } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { InFlightRequests } from '../../src/in-flight/in-flight-requests.ts';
import { nameRoute } from '../../src/in-flight/route-template.ts';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** A server that answers when it is told to, and what is in flight on it. */
async function serve(handler: Handler = () => undefined) {
  const heavy: string[] = [];
  const requests = new InFlightRequests(1000, () => heavy.push('heavy'));
  const responses: ServerResponse[] = [];
  const server = createServer((incoming, response) => {
    handler(incoming, response);
    incoming.resume();
    responses.push(response);
    server.emit('asked');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    requests[Symbol.dispose]();
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const ask = async (method: string, path: string, body = '') => {
    const asked = once(server, 'asked');
    const client = request({ port, host: '127.0.0.1', method, path, agent: false });
    client.on('error', () => undefined);
    client.end(body);
    await asked;
    return client;
  };
  return { requests, responses, heavy, ask, server };
}

const suspectsOf = (requests: InFlightRequests) =>
  requests.report().suspects.map(({ ageMs: _ageMs, ...rest }) => rest);

test('of 3 requests in flight the largest body comes first; none of the URL is told', async () => {
  const { requests, ask, heavy } = await serve();
  await ask('GET', '/users/jane@example.com?token=secret');
  await ask('POST', '/import/42', 'x'.repeat(5000));
  await ask('POST', '/import/43', 'x'.repeat(10));
  expect(requests.report().count).toBe(3);
  expect(suspectsOf(requests)[0]).toEqual({ method: 'POST', route: null, contentLengthBytes: 5000 });
  // Times and ages may hold any digit.
  expect(JSON.stringify(requests.report())).not.toMatch(/jane|secret|import/);
  expect(heavy).toHaveLength(1);
});

test('a request that was answered is in flight no more', async () => {
  const { requests, responses, ask } = await serve();
  const client = await ask('GET', '/');
  responses[0]?.end('ok');
  const [response] = (await once(client, 'response')) as [IncomingMessage];
  response.resume();
  await once(response, 'end');
  expect(requests.report()).toMatchObject({ count: 0, suspects: [] });
});

test('a client that hangs up is forgotten at the next sweep', async () => {
  const { requests, responses, ask } = await serve();
  const client = await ask('POST', '/', 'x'.repeat(2000));
  expect(requests.count).toBe(1);
  const gone = once(responses[0] as ServerResponse, 'close');
  client.destroy();
  await gone;
  requests.sweep();
  expect([requests.count, requests.report().suspects]).toEqual([0, []]);
});

test('the template of a route comes from nameRoute, from Fastify’s channel, or from where Express leaves it', async () => {
  const told: Handler[] = [
    (incoming) => nameRoute(incoming, '/named/:id'),
    (incoming) =>
      channel('tracing:fastify.request.handler:start').publish({
        request: { raw: incoming },
        route: { url: '/fastify/:id' },
      }),
    (incoming) => Object.assign(incoming, { route: { path: '/express/:id' } }),
    (incoming) => Object.assign(incoming, { route: { path: /pattern/ } }),
  ];
  const { requests, ask } = await serve((incoming, response) => told.shift()?.(incoming, response));
  for (let i = 0; i < 4; i += 1) await ask('GET', '/');
  expect(suspectsOf(requests).map(({ route }) => route)).toEqual([
    '/named/:id',
    '/fastify/:id',
    '/express/:id',
    null,
  ]);
});

test('20,001 requests at once: the last is counted and not followed, and answering all leaves none', () => {
  using requests = new InFlightRequests(1000, () => undefined);
  const start = channel('http.server.request.start');
  const finish = channel('http.server.response.finish');
  const server = { listening: true };
  const messages = Array.from({ length: 20_001 }, () => {
    const incoming = { method: 'GET', headers: {}, socket: { destroyed: false } };
    return {
      request: incoming,
      server,
      response: { req: incoming, destroyed: false, writableFinished: false },
    };
  });
  for (const message of messages) start.publish(message);
  expect(requests.count).toBe(20_001);
  expect(requests.report().suspects).toHaveLength(8);
  for (const message of messages) finish.publish(message);
  expect(requests.count).toBe(0);
});
