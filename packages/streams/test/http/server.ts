import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';

/** A server on a free port, closed by disposal. */
export interface Listening extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
}

export async function listening(handler: RequestListener): Promise<Listening> {
  return serving(createServer(handler));
}

export async function serving(server: Server): Promise<Listening> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/**
 * Sends `head` and then `body` chunks for as long as the server takes them; what the server answered before the connection closed. A reset takes from a client
 * what it has not read yet, so one that reads late shows whether there was one.
 */
export function sendRaw(
  port: number,
  head: string,
  body: Iterable<string | Buffer>,
  readAfterMs = 0,
): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    const chunks = body[Symbol.iterator]();
    const write = (): void => {
      while (!socket.destroyed) {
        const { done, value } = chunks.next();
        if (done === true) return;
        if (!socket.write(value)) {
          socket.once('drain', write);
          return;
        }
      }
    };
    socket.setEncoding('utf8');
    socket.pause();
    setTimeout(() => socket.resume(), readAfterMs);
    socket.on('data', (text: string) => (answer += text));
    if (readAfterMs > 0) socket.pause();
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(answer));
    socket.write(`${head.replaceAll('\n', '\r\n')}\r\n\r\n`);
    write();
  });
}
