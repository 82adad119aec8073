import { Buffer } from 'node:buffer';
import { type IncomingMessage, request as httpRequest, type ServerResponse } from 'node:http';
import { connect, createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { answerFault, collectBytes, type HttpFault, parseNdjson } from '../../src/index.ts';
import { listening, sendRaw } from '../http/server.ts';

const head = 'POST / HTTP/1.1\nHost: x\nTransfer-Encoding: chunked';
const frame = (text: string): string => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;

function answer(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { connection: 'close' });
  response.end(text);
}

test('a request whose rows end in an error is answered 400, while the client still sends', async () => {
  await using server = await listening((request, response) => {
    parseNdjson(request, { maxLineBytes: 1000 })
      .forEach(() => undefined)
      .catch((error: unknown) => answerFault(request, response, error));
  });
  const body = [frame('{"id":1}\n'), frame('not json\n'), ...Array.from({ length: 20 }, () => frame('{}\n'))];
  const said = await sendRaw(server.port, head, body, 200);
  expect(said).toContain('HTTP/1.1 400 ');
  expect(said).toContain('Line 2 (byte 9)');
});

test('a request whose reader leaves early is answered, and the connection takes the next request', async () => {
  await using server = await listening((request, response) => {
    const first = async (): Promise<void> => {
      for await (const row of parseNdjson<{ id: number }>(request, { maxLineBytes: 1000 })) {
        answerKept(response, `first is ${row.id}`);
        break;
      }
    };
    void first();
  });
  const rest = '{"id":2}\n'.repeat(50_000);
  const whole = `{"id":1}\n${rest}`;
  const one = `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${whole.length}\r\n\r\n${whole}`;
  const two = 'POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 9\r\n\r\n{"id":7}\n';
  const [, ...afterHead] = one.split('\r\n\r\n');
  const said = await sendRaw(server.port, one.split('\r\n\r\n')[0]?.replaceAll('\r\n', '\n') as string, [
    afterHead.join('\r\n\r\n'),
    two,
  ]);
  expect(said).toContain('first is 1');
  expect(said).toContain('first is 7');
});

function answerKept(response: ServerResponse, text: string): void {
  response.writeHead(200, { 'content-length': text.length });
  response.end(text);
}

test('a request above the bound of collectBytes is answered 413', async () => {
  await using server = await listening((request, response) => {
    collectBytes(request, { maxBytes: 100 }).catch((error: HttpFault) =>
      answer(response, error.statusCode, error.code),
    );
  });
  const body = Array.from({ length: 50 }, () => frame('x'.repeat(1000)));
  expect(await sendRaw(server.port, head, [...body, '0\r\n\r\n'], 100)).toContain('HTTP/1.1 413 ');
});

test('a request of HTTP/2 whose rows end in an error is answered 400', async () => {
  const server = createServer((request, response) => {
    parseNdjson(request, { maxLineBytes: 1000 })
      .forEach(() => undefined)
      .catch((error: HttpFault) => {
        response.writeHead(error.statusCode);
        response.end(error.message);
      });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const stream = session.request({ ':method': 'POST', ':path': '/' });
  const status = new Promise((resolve, reject) => {
    stream.once('response', (headers) => resolve(headers[':status']));
    stream.once('error', reject);
  });
  stream.end('{"id":1}\nnot json\n');
  expect(await status).toBe(400);
  session.destroy();
  await new Promise((resolve) => server.close(resolve));
});

test('the answer to a client is destroyed by a reader that leaves: its connection is free', async () => {
  await using server = await listening((_request, response) => {
    response.write('{"id":1}\n');
  });
  const response = await new Promise<IncomingMessage>((resolve) => {
    httpRequest(server.url, resolve).end();
  });
  for await (const _row of parseNdjson(response, { maxLineBytes: 1000 })) break;
  expect(response.destroyed).toBe(true);
});
