import { once } from 'node:events';
import { channel } from 'node:diagnostics_channel';
import { connect, createServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { InFlightRequests } from '../../src/in-flight/in-flight-requests.ts';
import { nameRoute } from '../../src/in-flight/route-template.ts';

const [major = 0] = process.versions.node.split('.').map(Number);
const skipped = major < 22 ? ' [SKIPPED: Node.js 20 tells nothing of HTTP/2 streams]' : '';

/** A server that answers when it is told to, and what is in flight on it. */
async function serve() {
  const heavy: string[] = [];
  const requests = new InFlightRequests(1000, () => heavy.push('heavy'));
  const responses: Http2ServerResponse[] = [];
  const server = createServer((incoming: Http2ServerRequest, response) => {
    nameRoute(incoming, '/users/:id');
    incoming.resume();
    responses.push(response);
    server.emit('asked');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  onTestFinished(() => {
    requests[Symbol.dispose]();
    client.destroy();
    server.close();
  });
  const ask = async (method: string, bodyBytes: number) => {
    const asked = once(server, 'asked');
    const length = bodyBytes > 0 ? { 'content-length': bodyBytes } : {};
    const stream = client.request({ ':method': method, ':path': '/users/jane?token=secret', ...length });
    stream.on('error', () => undefined);
    stream.end('x'.repeat(bodyBytes));
    await asked;
    return stream;
  };
  return { requests, responses, heavy, ask, client };
}

test.skipIf(major < 22)(
  `of 3 streams in flight the largest body comes first, by method, template and length, and none of the path is told${skipped}`,
  async () => {
    const { requests, ask, heavy } = await serve();
    await ask('GET', 0);
    await ask('POST', 5000);
    await ask('PUT', 10);
    const { count, suspects } = requests.report();
    expect(count).toBe(3);
    expect(suspects.map(({ ageMs: _ageMs, ...rest }) => rest)).toEqual([
      { method: 'POST', route: '/users/:id', contentLengthBytes: 5000 },
      { method: 'PUT', route: '/users/:id', contentLengthBytes: 10 },
      { method: 'GET', route: '/users/:id', contentLengthBytes: null },
    ]);
    expect(JSON.stringify(requests.report())).not.toMatch(/jane|secret/);
    expect(heavy).toEqual(['heavy']);
  },
);

test.skipIf(major < 22)(
  `a stream that was answered is in flight no more, nor is one whose client has gone${skipped}`,
  async () => {
    const { requests, responses, ask, client } = await serve();
    const stream = await ask('GET', 0);
    responses[0]?.end('ok');
    stream.resume();
    await once(stream, 'close');
    await expect.poll(() => requests.count).toBe(0);
    await ask('POST', 5000);
    expect(requests.count).toBe(1);
    client.destroy();
    await expect.poll(() => requests.count).toBe(0);
  },
);

test('after disposal nobody listens to the streams', () => {
  const requests = new InFlightRequests(1000, () => undefined);
  expect(channel('http2.server.stream.created').hasSubscribers).toBe(true);
  requests[Symbol.dispose]();
  expect(channel('http2.server.stream.created').hasSubscribers).toBe(false);
  expect(channel('http2.server.stream.close').hasSubscribers).toBe(false);
});
