import { journal, PlimsollError } from '@plimsoll/memory/holders';
import { CircuitBreaker } from './circuit-breaker.ts';

const heartbeatMs = 1_000;
const silentHeartbeats = 3;
const firstRetryMs = 100;
const longestRetryMs = 5_000;
const connectTimeoutMs = 2_000;
/** RESP's type of a string reply, mapped to Buffer. */
const blobString = 36;

/** The part of a client of the `redis` package that is used. */
interface RedisClient {
  connect(): Promise<unknown>;
  destroy(): void;
  sendCommand(args: readonly (string | Buffer)[], options?: object): Promise<unknown>;
  on(event: string, listener: (argument: unknown) => void): unknown;
}

interface RedisModule {
  createClient(options: object): unknown;
  readonly ErrorReply: new (message: string) => Error;
}

/** What a connection is told. */
export interface RedisConnectionOptions {
  readonly url: string;
  /** Further options of `createClient`: socket, TLS, credentials. */
  readonly clientOptions: Readonly<Record<string, unknown>>;
  readonly commandTimeoutMs: number;
  /** Keys whose changes are told. */
  readonly prefix: string;
  /** A key was changed by somebody else; null = any may have been. */
  readonly onInvalidate: (key: string | null) => void;
  /** Changes may have been missed. */
  readonly onGap: () => void;
}

/**
 * One connection that follows every change under a prefix (RESP3 tracking in broadcast mode), with a time limit on each command, a heartbeat and a breaker.
 * It connects again by itself, forever; whoever uses it finds out by {@link isUsable} and by commands that fail at once.
 */
export class RedisConnection {
  readonly #options: RedisConnectionOptions;
  readonly #redis: RedisModule;
  readonly #breaker = new CircuitBreaker();
  #client: RedisClient | undefined;
  #heartbeat: NodeJS.Timeout | undefined;
  #retry: NodeJS.Timeout | undefined;
  #retryMs = firstRetryMs;
  #silentCount = 0;
  #isClosed = false;
  #faultCount = 0;

  private constructor(options: RedisConnectionOptions, redis: RedisModule) {
    this.#options = options;
    this.#redis = redis;
    this.#breaker.open();
  }

  /**
   * Makes a connection and waits for its first attempt. A server that is not there is no error: it is tried again.
   * @throws ERR_PLIMSOLL_UNAVAILABLE when the `redis` package is not installed.
   */
  static async open(options: RedisConnectionOptions): Promise<RedisConnection> {
    let redis: RedisModule;
    try {
      redis = (await import('redis')) as unknown as RedisModule;
    } catch (cause) {
      throw new PlimsollError(
        'ERR_PLIMSOLL_UNAVAILABLE',
        'The package "redis" is not installed; a TieredCache needs it. Run: npm install redis',
        { cause },
      );
    }
    const connection = new RedisConnection(options, redis);
    await connection.#connect();
    connection.#heartbeat = setInterval(() => void connection.#beat(), heartbeatMs);
    connection.#heartbeat.unref();
    return connection;
  }

  /** True while commands are worth sending. */
  get isUsable(): boolean {
    return this.#client !== undefined && !this.#breaker.isOpen;
  }

  /** Commands and connections that failed so far. */
  get faultCount(): number {
    return this.#faultCount;
  }

  /**
   * Sends a command; string replies come as Buffers.
   * @throws ERR_PLIMSOLL_UNAVAILABLE at once while Redis is gone, ERR_PLIMSOLL_TIMEOUT when no reply came in time, and what Redis itself answers.
   */
  async command(args: readonly (string | Buffer)[]): Promise<unknown> {
    const client = this.#client;
    if (client === undefined || this.#breaker.isOpen) throw unavailable();
    try {
      const reply = await this.#send(client, args);
      this.#breaker.succeed();
      return reply;
    } catch (error) {
      this.#faultCount++;
      // An error that Redis answered is an answer: the server is there.
      if (!(error instanceof this.#redis.ErrorReply)) this.#breaker.fail();
      throw error;
    }
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#heartbeat);
    clearTimeout(this.#retry);
    this.#drop();
  }

  async #connect(): Promise<void> {
    if (this.#isClosed) return;
    const { url, clientOptions, prefix } = this.#options;
    const socketOptions = clientOptions['socket'] as object | undefined;
    const client = this.#redis.createClient({
      ...clientOptions,
      url,
      RESP: 3,
      emitInvalidate: true,
      disableOfflineQueue: true,
      socket: { connectTimeout: connectTimeoutMs, ...socketOptions, reconnectStrategy: false },
    }) as RedisClient;
    client.on('error', () => this.#lose(client));
    client.on('end', () => this.#lose(client));
    client.on('invalidate', (key) => this.#tell(key));
    this.#client = client;
    try {
      await answeredInTime(client.connect(), connectTimeoutMs);
      // emitInvalidate has switched tracking of single keys on; the mode can only be changed from off.
      await this.#send(client, ['CLIENT', 'TRACKING', 'OFF']);
      await this.#send(client, ['CLIENT', 'TRACKING', 'ON', 'BCAST', 'NOLOOP', 'PREFIX', prefix]);
    } catch {
      // The server is not there, or no Redis of 6 or later: tried again below.
      this.#lose(client);
      return;
    }
    if (this.#client !== client) return;
    this.#retryMs = firstRetryMs;
    this.#silentCount = 0;
    // Changes of the time without a connection were told to nobody.
    this.#options.onGap();
    this.#breaker.close();
    journal().write('cache', 'far-tier-connected');
  }

  async #beat(): Promise<void> {
    const client = this.#client;
    if (client === undefined) return;
    try {
      await this.#send(client, ['PING']);
      if (client !== this.#client) return;
      this.#silentCount = 0;
      if (this.#breaker.isOpen) this.#options.onGap();
      if (this.#breaker.close()) journal().write('cache', 'far-tier-back');
    } catch {
      // Three silent seconds: the connection is taken for dead, whatever TCP thinks.
      this.#breaker.fail();
      if (client === this.#client && ++this.#silentCount >= silentHeartbeats) this.#lose(client);
    }
  }

  #lose(client: RedisClient): void {
    if (client !== this.#client) return;
    this.#faultCount++;
    this.#breaker.open();
    this.#drop();
    if (this.#isClosed) return;
    journal().write('cache', 'far-tier-lost', { retryMs: this.#retryMs });
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.#connect(), this.#retryMs);
    this.#retry.unref();
    this.#retryMs = Math.min(longestRetryMs, this.#retryMs * 2);
  }

  #drop(): void {
    const client = this.#client;
    this.#client = undefined;
    try {
      client?.destroy();
    } catch {
      // It was closed already.
    }
  }

  #tell(key: unknown): void {
    this.#options.onInvalidate(key === null || key === undefined ? null : keyText(key));
  }

  async #send(client: RedisClient, args: readonly (string | Buffer)[]): Promise<unknown> {
    const reply = client.sendCommand(args, { typeMapping: { [blobString]: Buffer } });
    return await answeredInTime(reply, this.#options.commandTimeoutMs);
  }
}

/** `reply`, or ERR_PLIMSOLL_TIMEOUT: a server that is frozen accepts connections and answers nothing. */
async function answeredInTime(reply: Promise<unknown>, timeoutMs: number): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new PlimsollError('ERR_PLIMSOLL_TIMEOUT', `Redis did not answer within ${timeoutMs} ms.`));
    }, timeoutMs);
  });
  try {
    return await Promise.race([reply, late]);
  } finally {
    clearTimeout(timer);
  }
}

function keyText(key: unknown): string {
  return Buffer.isBuffer(key) ? key.toString('utf8') : typeof key === 'string' ? key : '';
}

function unavailable(): PlimsollError {
  return new PlimsollError('ERR_PLIMSOLL_UNAVAILABLE', 'Redis is gone or too slow; it is tried again.');
}
