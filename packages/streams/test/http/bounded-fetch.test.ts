import { setTimeout } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { boundedBytes, boundedFetch, boundedJson, boundedText } from '../../src/index.ts';
import { codeOf } from '../pieces.ts';
import { type Listening, listening } from './server.ts';

/** A server whose answer goes by the path; `open` counts the answers that were not ended by us and are still wanted. */
async function origin(): Promise<Listening & { readonly open: () => number }> {
  let open = 0;
  const server = await listening((request, response) => {
    open += 1;
    response.on('close', () => (open -= 1));
    switch (request.url) {
      case '/json':
        response.end('{"a":[1,2]}');
        break;
      case '/gzip':
        response.setHeader('content-encoding', 'gzip');
        response.end(gzipSync(JSON.stringify('x'.repeat(100_000))));
        break;
      case '/announced':
        response.setHeader('content-length', 1_000_000);
        response.write('x');
        break;
      case '/endless': {
        const write = (): void => {
          while (!response.destroyed && response.write('x'.repeat(10_000)));
        };
        response.on('drain', write);
        write();
        break;
      }
      case '/slow':
        response.write('{');
        break;
      default:
        break;
    }
  });
  return { ...server, open: () => open };
}

const bounds = { maxBytes: 100_000 };

async function released(server: { open: () => number }): Promise<number> {
  for (let round = 0; round < 100 && server.open() > 0; round++) await setTimeout(10);
  return server.open();
}

describe('boundedFetch', () => {
  test('a body within bounds, as JSON, text, bytes and a flow', async () => {
    await using server = await origin();
    const get = (): ReturnType<typeof boundedFetch> => boundedFetch(`${server.url}/json`, bounds);
    expect(await (await get()).json()).toEqual({ a: [1, 2] });
    expect(await (await get()).text()).toBe('{"a":[1,2]}');
    expect(String(await (await get()).bytes())).toBe('{"a":[1,2]}');
    const response = await get();
    expect([response.status, response.ok, response.url]).toEqual([200, true, `${server.url}/json`]);
    expect(String(Buffer.concat(await response.body.toArray()))).toBe('{"a":[1,2]}');
    expect(await released(server)).toBe(0);
  });

  test('announced above the bound: refused before the body, the connection released', async () => {
    await using server = await origin();
    expect(await codeOf(boundedFetch(`${server.url}/announced`, bounds))).toBe('ERR_PLIMSOLL_LIMIT');
    expect(await released(server)).toBe(0);
  });

  test('endless: refused at the bound, the connection released', async () => {
    await using server = await origin();
    const response = await boundedFetch(`${server.url}/endless`, bounds);
    expect(await codeOf(response.bytes())).toBe('ERR_PLIMSOLL_LIMIT');
    expect(await released(server)).toBe(0);
  });

  test('compressed: the bound after decompression is its own', async () => {
    await using server = await origin();
    const small = await boundedFetch(`${server.url}/gzip`, { maxBytes: 10_000 });
    expect(await codeOf(small.text())).toBe('ERR_PLIMSOLL_LIMIT');
    const large = await boundedFetch(`${server.url}/gzip`, {
      maxBytes: 10_000,
      maxDecompressedBytes: 200_000,
    });
    expect(await large.json()).toHaveLength(100_000);
    expect(await released(server)).toBe(0);
  });

  test('the time holds for the head and for the body', async () => {
    await using server = await origin();
    expect(await codeOf(boundedFetch(`${server.url}/never`, { ...bounds, timeoutMs: 400 }))).toBe(
      'ERR_PLIMSOLL_TIMEOUT',
    );
    const response = await boundedFetch(`${server.url}/slow`, { ...bounds, timeoutMs: 400 });
    expect(await codeOf(response.json())).toBe('ERR_PLIMSOLL_TIMEOUT');
    expect(await released(server)).toBe(0);
  });

  test('a body nobody reads is released by disposal, or when the time is over', async () => {
    await using server = await origin();
    {
      await using response = await boundedFetch(`${server.url}/endless`, bounds);
      expect(response.status).toBe(200);
    }
    expect(await released(server)).toBe(0);
    const forgotten = await boundedFetch(`${server.url}/endless`, { ...bounds, timeoutMs: 400 });
    expect(forgotten.status).toBe(200);
    expect(await released(server)).toBe(0);
  });

  test('the signal ends it before the head, within the body, and not before the call', async () => {
    await using server = await origin();
    const get = (path: string, signal: AbortSignal): ReturnType<typeof boundedFetch> =>
      boundedFetch(`${server.url}${path}`, { ...bounds, signal });
    expect(await codeOf(get('/never', AbortSignal.timeout(30)))).toBe('ERR_PLIMSOLL_ABORTED');
    expect(await codeOf(get('/json', AbortSignal.abort()))).toBe('ERR_PLIMSOLL_ABORTED');
    const response = await get('/slow', AbortSignal.timeout(30));
    expect(await codeOf(response.text())).toBe('ERR_PLIMSOLL_ABORTED');
    expect(await released(server)).toBe(0);
  });

  test('what fetch itself throws comes unchanged', async () => {
    await expect(boundedFetch('http://127.0.0.1:1/', bounds)).rejects.toBeInstanceOf(TypeError);
  });
});

describe('boundedJson of a Response and a Request', () => {
  test('within the bound parsed, above it cancelled, read twice refused', async () => {
    const response = new Response('{"a":1}');
    expect(await boundedJson(response, { maxBytes: 7 })).toEqual({ a: 1 });
    expect(await codeOf(boundedJson(response, { maxBytes: 7 }))).toBe('ERR_PLIMSOLL_OPTION');
    let isCancelled = false;
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(Buffer.from('[1],')),
      cancel: () => void (isCancelled = true),
    });
    expect(await codeOf(boundedJson(new Response(body), { maxBytes: 100 }))).toBe('ERR_PLIMSOLL_LIMIT');
    expect(isCancelled).toBe(true);
    const request = new Request('http://x/', { method: 'POST', body: 'text' });
    expect(await boundedText(request, { maxBytes: 4 })).toBe('text');
  });

  test('a Response without a body is empty bytes, and truncated JSON', async () => {
    expect(await boundedBytes(new Response(null, { status: 204 }), { maxBytes: 1 })).toHaveLength(0);
    await expect(boundedJson(new Response(null), { maxBytes: 1 })).rejects.toMatchObject({
      details: { reason: 'truncated' },
    });
  });

  test('announced above the bound: refused before it is read', async () => {
    let pulled = 0;
    const body = new ReadableStream<Uint8Array>({ pull: () => void (pulled += 1) }, { highWaterMark: 0 });
    const response = new Response(body, { headers: { 'content-length': '1000' } });
    expect(await codeOf(boundedBytes(response, { maxBytes: 100 }))).toBe('ERR_PLIMSOLL_LIMIT');
    expect(pulled).toBe(0);
  });
});

test('the answer to HEAD announces a body above the bound and has none: it is an answer', async () => {
  await using server = await listening((_request, response) => {
    response.writeHead(200, { 'content-length': 1_000_000 });
    response.end();
  });
  await using response = await boundedFetch(server.url, { maxBytes: 10 }, { method: 'HEAD' });
  expect([response.status, response.headers.get('content-length')]).toEqual([200, '1000000']);
  expect((await response.bytes()).length).toBe(0);
});
