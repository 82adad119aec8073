import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A guarded process under test. */
export interface GuardedChild {
  readonly process: ChildProcess;
  readonly incidentDir: string;
  /** When it has said its first word. */
  readonly hasStarted: Promise<unknown>;
}

/** Starts the guarded program; it is gone when the test ends. */
export function startGuarded(
  incidentDir: string,
  words: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
): GuardedChild {
  const program = join(import.meta.dirname, 'programs', 'guarded.mjs');
  const child = spawn(process.execPath, [program, incidentDir, ...words], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { PATH: process.env['PATH'], ...env },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return { process: child, incidentDir, hasStarted: once(child.stdout, 'data') };
}

/** The sockets below an incident folder. */
export function socketsIn(incidentDir: string): string[] {
  const runDir = join(incidentDir, 'run');
  if (!existsSync(runDir)) return [];
  return readdirSync(runDir)
    .map((name) => join(runDir, name, 'control.sock'))
    .filter((path) => existsSync(path));
}

/** Waits until `count` sockets are there. */
export async function socketsOf({ incidentDir }: GuardedChild, count = 1): Promise<string[]> {
  for (;;) {
    const found = socketsIn(incidentDir);
    if (found.length >= count) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A connection that gives what it is answered, line by line. */
export class ControlClient implements Disposable {
  readonly socket: Socket;
  #text = '';

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding('utf8').on('data', (text: string) => (this.#text += text));
    socket.on('error', () => undefined);
  }

  static async open(path: string): Promise<ControlClient> {
    const socket = connect(path);
    await once(socket, 'connect');
    return new ControlClient(socket);
  }

  /** The next line; undefined when the connection is closed before there is one. */
  async nextLine(): Promise<unknown> {
    for (;;) {
      const end = this.#text.indexOf('\n');
      if (end >= 0) {
        const line = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 1);
        return JSON.parse(line);
      }
      if (this.socket.closed) return undefined;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** The result of one request; a refusal is thrown as `code: message`. */
  async ask<Result = unknown>(method: string, params: object = {}): Promise<Result> {
    this.socket.write(`${JSON.stringify({ id: method, method, params })}\n`);
    const answer = (await this.nextLine()) as {
      readonly result: Result;
      readonly error?: { readonly code: string; readonly message: string };
    };
    if (answer.error !== undefined) throw new Error(`${answer.error.code}: ${answer.error.message}`);
    return answer.result;
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}
