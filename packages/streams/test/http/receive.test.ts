import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import express, { type NextFunction, type Request, type Response as ExpressResponse } from 'express';
import fastify from 'fastify';
import { Hono } from 'hono';
import { describe, expect, test } from 'vitest';
import { answerFault, expressBody, fastifyBody, honoBody, receiveJson } from '../../src/index.ts';
import { type Listening, listening, sendRaw, serving } from './server.ts';

const bounds = { maxBytes: 1000, maxDecompressedBytes: 5000, timeoutMs: 1500 };

/** A server that answers a JSON body with its keys, by each framework. */
const servers: Record<string, () => Promise<Listening>> = {
  http: () =>
    listening((request, response) => {
      void answer(request, response);
    }),
  express: async () => {
    const app = express();
    app.post('/', expressBody(bounds), (request, response) => {
      response.json({ keys: Object.keys(request.body as object) });
    });
    // Express's own handler writes the stack as HTML in development; a service answers JSON.
    app.use(
      (
        error: { status?: number; code?: string; message: string },
        _request: Request,
        response: ExpressResponse,
        _next: NextFunction,
      ) => {
        response.status(error.status ?? 500).json({ error: { code: error.code, message: error.message } });
      },
    );
    return serving(createServer(app));
  },
  fastify: async () => {
    const app = fastify();
    fastifyBody(app, bounds);
    app.post('/', (request) => ({ keys: Object.keys(request.body as object) }));
    await app.ready();
    return serving(createServer((request, response) => app.routing(request, response)));
  },
};

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const body = await receiveJson<object>(request, bounds);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ keys: Object.keys(body) }));
  } catch (error) {
    answerFault(request, response, error);
  }
}

function* endless(): Generator<string> {
  for (;;) yield '400\r\n' + 'x'.repeat(1024) + '\r\n';
}

function post(url: string, body: string | Buffer, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(url, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } });
}

describe.each(Object.keys(servers))('%s', { concurrent: true }, (name) => {
  const start = servers[name] as () => Promise<Listening>;

  test('a body within bounds comes parsed, plain and compressed', async () => {
    await using server = await start();
    const plain = await post(server.url, '{"a":1,"b":[2]}');
    expect(await plain.json()).toEqual({ keys: ['a', 'b'] });
    const packed = await post(server.url, gzipSync(JSON.stringify({ long: 'x'.repeat(4000) })), {
      'content-encoding': 'gzip',
    });
    expect(await packed.json()).toEqual({ keys: ['long'] });
  });

  test('an announced body above the bound is a 413 before it is read, and the connection is not reset', async () => {
    await using server = await start();
    const response = await post(server.url, `"${'x'.repeat(500_000)}"`);
    expect([response.status, await response.text()]).toEqual([413, expect.stringContaining('maxBytes')]);
  });

  test('an endless chunked body is a 413 that arrives, and the connection is closed', async () => {
    await using server = await start();
    const head = 'POST / HTTP/1.1\nHost: x\nContent-Type: application/json\nTransfer-Encoding: chunked';
    expect(await sendRaw(server.port, head, endless())).toMatch(/^HTTP\/1\.1 413 /);
  });

  test('a client that reads its answer late still finds the 413: the connection was not reset under it', async () => {
    await using server = await start();
    const head = 'POST / HTTP/1.1\nHost: x\nContent-Type: application/json\nTransfer-Encoding: chunked';
    expect(await sendRaw(server.port, head, endless(), 300)).toMatch(/^HTTP\/1\.1 413 /);
  });

  test('a compressed body is bounded on the wire, too, when its length is not announced', async () => {
    await using server = await start();
    const noise = Buffer.from(
      Array.from({ length: 3000 }, (_, at) => 33 + (((at * 2_654_435_761) >>> 8) % 90)),
    );
    const packed = gzipSync(JSON.stringify(noise.toString('latin1')));
    expect(packed.length).toBeGreaterThan(1000);
    const response = await fetch(server.url, {
      method: 'POST',
      body: new Response(packed).body,
      duplex: 'half',
      headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
    } as RequestInit);
    expect([response.status, await response.text()]).toEqual([413, expect.stringContaining('maxBytes')]);
  });

  test('a bomb is a 413: 1 MB in 1 kB', async () => {
    await using server = await start();
    const bomb = gzipSync(Buffer.alloc(900_000, '"'));
    expect(bomb.length).toBeLessThan(1000);
    expect((await post(server.url, bomb, { 'content-encoding': 'gzip' })).status).toBe(413);
  });

  test('malformed, truncated and unknown codings are 400 and 415, and tell no data', async () => {
    await using server = await start();
    const malformed = await post(server.url, '{"pin": hunter2}');
    expect([malformed.status, await malformed.text()]).toEqual([400, expect.not.stringContaining('hunter')]);
    expect((await post(server.url, '{"a":')).status).toBe(400);
    expect(
      (await post(server.url, gzipSync('{}').subarray(0, 10), { 'content-encoding': 'gzip' })).status,
    ).toBe(400);
    expect((await post(server.url, '{}', { 'content-encoding': 'constructor' })).status).toBe(415);
  });

  test('a body that stops coming is a 408', async () => {
    await using server = await start();
    const head = 'POST / HTTP/1.1\nHost: x\nContent-Type: application/json\nContent-Length: 100';
    expect(await sendRaw(server.port, head, ['{"a":'])).toMatch(/^HTTP\/1\.1 408 /);
  });

  test('after a refusal the server serves on', async () => {
    await using server = await start();
    for (let round = 0; round < 20; round++) {
      expect((await post(server.url, `"${'x'.repeat(2000)}"`)).status).toBe(413);
      expect((await post(server.url, '{}')).status).toBe(200);
    }
  });
});

describe('hono', () => {
  const app = new Hono<{ Variables: { body: object } }>();
  app.post('/', honoBody(bounds), (context) => context.json({ keys: Object.keys(context.get('body')) }));
  const send = async (body: string | ReadableStream): Promise<[number, string]> => {
    const init = { method: 'POST', body, duplex: 'half' } as RequestInit;
    const response = await app.request(new Request('http://x/', init));
    return [response.status, await response.text()];
  };

  test('a body within bounds comes parsed, above them it is a 413, malformed a 400', async () => {
    expect(await send('{"a":1}')).toEqual([200, '{"keys":["a"]}']);
    expect(await send(`"${'x'.repeat(2000)}"`)).toEqual([413, expect.stringContaining('ERR_PLIMSOLL_LIMIT')]);
    expect(await send('{"pin": hunter2}')).toEqual([400, expect.not.stringContaining('hunter')]);
  });

  test('a compressed body comes decompressed; a bomb is a 413, a truncated one a 400, an unknown coding a 415', async () => {
    const sendCoded = async (body: Buffer, coding: string): Promise<number> => {
      const headers = { 'content-encoding': coding };
      return (await app.request(new Request('http://x/', { method: 'POST', body, headers } as RequestInit)))
        .status;
    };
    const packed = gzipSync(JSON.stringify({ text: 'x'.repeat(4000) }));
    expect(await sendCoded(packed, 'gzip')).toBe(200);
    expect(await sendCoded(gzipSync(Buffer.alloc(900_000, '"')), 'gzip')).toBe(413);
    expect(await sendCoded(packed.subarray(0, 20), 'gzip')).toBe(400);
    expect(await sendCoded(packed, 'zstd')).toBe(415);
    expect(await sendCoded(gzipSync(randomBytes(3000)), 'gzip')).toBe(413);
  });

  test('a body that stops coming is a 408, and its stream is cancelled', async () => {
    let isCancelled = false;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(Buffer.from('{"a":')),
      cancel: () => void (isCancelled = true),
    });
    expect(await send(body)).toEqual([408, expect.stringContaining('ERR_PLIMSOLL_TIMEOUT')]);
    expect(isCancelled).toBe(true);
  });
});
