/**
 * How a command reaches a running service: a Unix socket in the folder of the run (0700, made by this process, swept with it), NDJSON both ways. It must never be a
 * harm: it listens from 0.1 s after the first tick on, so a process that lives for less pays nothing; nothing of it keeps the process alive; clients, requests, answers and
 * the time for which a client may keep the service standing are bounded; nothing throws into the service.
 */
import { chmodSync, renameSync, rmSync } from 'node:fs';
import type { Server, Socket } from 'node:net';
import { join } from 'node:path';
import { journal } from '@plimsoll/memory';
import type { EpisodeMoment } from '../incident/incident-episode.ts';
import { partialSuffix } from '../incident/incident-name.ts';
import { ControlDesk, type ControlSubject } from './control-desk.ts';
import { type SocketAddress, socketAddress, socketName } from './socket-address.ts';
import {
  type ControlRequest,
  ControlRefusal,
  formatAnswer,
  formatRefusal,
  maxRequestBytes,
  parseRequest,
} from './protocol.ts';

/** Behind the start of the service. */
const listenAfterMs = 100;
const maxClientCount = 4;
/** A client that says nothing for this long is gone. */
const idleMs = 60_000;
/** A journal of 1,024 entries is about 300 kB. */
const maxAnswerBytes = 1024 * 1024;

const tooLong = new ControlRefusal('bad-request', `A request is longer than ${maxRequestBytes} bytes.`);

/** The control channel of this process. */
export class ControlChannel {
  readonly #desk: ControlDesk;
  readonly #path: string;
  readonly #clients = new Set<Socket>();
  #address: SocketAddress | undefined;
  #server: Server | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(subject: ControlSubject, runPath: string) {
    this.#desk = new ControlDesk(subject);
    this.#path = join(runPath, socketName);
  }

  /** Notes what a tick saw; soon after the first one the socket is there. Never throws. */
  tick(moment: EpisodeMoment): void {
    this.#desk.note(moment);
    this.#timer ??= setTimeout(() => {
      try {
        this.#listen();
      } catch (error) {
        this.#off(error);
      }
    }, listenAfterMs).unref();
  }

  /** Closes the socket and every client. Never throws. */
  end(): void {
    clearTimeout(this.#timer);
    this.#desk.end();
    for (const client of this.#clients) client.destroy();
    this.#close();
  }

  #listen(): void {
    // Loaded here: 1 ms of CPU that a process of a moment does not pay.
    const { createServer } = process.getBuiltinModule('node:net');
    const server = createServer({ allowHalfOpen: false }, (client) => this.#accept(client));
    server.on('error', (error) => this.#off(error));
    const partialPath = this.#path + partialSuffix;
    this.#address = socketAddress(partialPath);
    // Exclusive: a worker of a cluster would otherwise ask the primary to listen for it, on one socket for all.
    server.listen({ path: this.#address.path, exclusive: true });
    server.unref();
    this.#server = server;
    // Under its name only when it answers and nobody else may write to it; the folder is 0700 already, unless somebody opened it.
    chmodSync(partialPath, 0o600);
    renameSync(partialPath, this.#path);
    journal().write('control', 'listening', { path: this.#path });
  }

  #close(): void {
    this.#server?.close();
    this.#server = undefined;
    this.#address?.[Symbol.dispose]();
    this.#address = undefined;
    try {
      rmSync(this.#path, { force: true });
    } catch {
      // The folder is gone or read-only: the next start sweeps it.
    }
  }

  #off(error: unknown): void {
    this.#close();
    journal().write('control', 'off', { reason: error instanceof Error ? error.message : String(error) });
  }

  #accept(client: Socket): void {
    client.unref();
    client.on('error', () => client.destroy());
    client.on('close', () => {
      this.#clients.delete(client);
    });
    if (this.#clients.size >= maxClientCount) {
      this.#hangUp(client, new ControlRefusal('busy', `${maxClientCount} clients are connected.`));
      return;
    }
    this.#clients.add(client);
    client.setTimeout(idleMs, () => client.destroy());
    let pending = '';
    client.setEncoding('utf8');
    client.on('data', (text: string) => {
      pending += text;
      for (let end = pending.indexOf('\n'); end >= 0; end = pending.indexOf('\n')) {
        const line = pending.slice(0, end);
        pending = pending.slice(end + 1);
        if (line.length >= maxRequestBytes) this.#hangUp(client, tooLong);
        else if (line.trim() !== '') void this.#answer(client, line);
      }
      if (pending.length < maxRequestBytes) return;
      pending = '';
      this.#hangUp(client, tooLong);
    });
  }

  /** The last line to a client that breaks the rules. */
  #hangUp(client: Socket, refusal: ControlRefusal): void {
    if (!client.writableEnded) client.end(formatRefusal(null, refusal));
  }

  /** Never rejects. */
  async #answer(client: Socket, line: string): Promise<void> {
    let id: ControlRequest['id'] | null = null;
    let answer: string;
    try {
      const request = parseRequest(line);
      ({ id } = request);
      answer = formatAnswer(id, await this.#desk.answer(request, () => client.destroyed));
      if (answer.length > maxAnswerBytes)
        throw new ControlRefusal('failed', 'The answer is larger than 1 MiB.');
    } catch (error) {
      answer = formatRefusal(id, error);
    }
    if (client.destroyed || client.writableEnded) return;
    // A client that asks and does not read would fill this process with answers.
    if (client.writableLength > maxAnswerBytes) client.destroy();
    else client.write(answer);
  }
}
