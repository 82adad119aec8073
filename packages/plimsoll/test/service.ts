import { spawn, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { get } from 'node:http';
import { join } from 'node:path';

/** The preload as it is built. */
export const autoPath: string = join(import.meta.dirname, '..', 'dist', 'auto.js');

/** A service of ten lines: serves `ok`, prints its port, ends when asked to. */
export const serviceSource: string = `
import { createServer } from 'node:http';
const server = createServer((request, response) => {
  response.end('ok');
  if (request.url === '/end') server.close();
});
server.listen(0, '127.0.0.1', () => process.stdout.write(String(server.address().port) + '\\n'));
`;

/** What a service said and how it ended. */
export interface ServiceOutcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** What it answered to a request. */
  readonly body: string;
  readonly out: string;
  readonly err: string;
  /** The lines of the guard on stderr, parsed. */
  readonly lines: readonly { readonly plimsoll: string; readonly message: string }[];
}

export { temporaryFolder } from '../../watchdog/test/temporary-folder.ts';

/** Starts a service, asks it for `/`, ends it by `/end`, and tells everything. */
export async function serveOnce(
  args: readonly string[],
  options: SpawnOptions = {},
): Promise<ServiceOutcome> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  let out = '';
  let err = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (err += text));
  const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  let body = '';
  const port = await Promise.race([portOf(() => out), closed.then(() => undefined)]);
  if (port !== undefined) {
    body = await fetchText(port, '/');
    await fetchText(port, '/end');
  }
  const [code, signal] = await closed;
  const lines = err
    .split('\n')
    .filter((line) => line.startsWith('{"plimsoll"'))
    .map((line) => JSON.parse(line) as ServiceOutcome['lines'][number]);
  return { code, signal, body, out, err, lines };
}

async function portOf(out: () => string): Promise<number> {
  while (!out().includes('\n')) await new Promise((resolve) => setTimeout(resolve, 5));
  return Number(out());
}

function fetchText(port: number, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve(text));
    }).on('error', reject);
  });
}
