import { randomUUID } from 'node:crypto';
import type { RedisConnection } from './redis-connection.ts';
import type { ResolvedTieredOptions } from './tiered-options.ts';

/** A value of the far tier. */
export interface FarValue<V> {
  readonly value: V;
  /** Milliseconds it has left, less the time of the request. */
  readonly remainingMs: number;
}

/** Deletes a lock only while it is still ours. */
const releaseScript = "if redis.call('get',KEYS[1])==ARGV[1] then return redis.call('del',KEYS[1]) end";

/** Deletes a key that need not be there, and has it told even so: a process that is loading it must learn that what it loads is old. */
const removeScript = "redis.call('set',KEYS[1],'') return redis.call('del',KEYS[1])";

/** The values in Redis: `<name>:v:<key>`, and `<name>:l:<key>` while a process loads one. */
export class FarTier<V> {
  readonly #connection: RedisConnection;
  readonly #options: ResolvedTieredOptions<V>;
  /** Bytes that could not be decoded: another version wrote them. */
  undecodedCount = 0;

  constructor(connection: RedisConnection, options: ResolvedTieredOptions<V>) {
    this.#connection = connection;
    this.#options = options;
  }

  /** The value of a key and what is left of its life; undefined when there is none. */
  async read(key: string): Promise<FarValue<V> | undefined> {
    const startedMs = performance.now();
    const farKey = valueKey(this.#options.name, key);
    // Sent together, answered in order: a change between the two is told after both.
    const [bytes, left] = await Promise.all([
      this.#connection.command(['GET', farKey]),
      this.#connection.command(['PTTL', farKey]),
    ]);
    if (!Buffer.isBuffer(bytes)) return undefined;
    const leftMs = Number(left);
    if (leftMs === -2) return undefined;
    const remainingMs = leftMs === -1 ? Infinity : leftMs - (performance.now() - startedMs);
    try {
      return { value: this.#options.serializer.decode(bytes), remainingMs };
    } catch {
      // Written by another version of the service: as good as absent, and replaced by the next load.
      this.undecodedCount++;
      return undefined;
    }
  }

  async write(key: string, value: V, ttlMs: number): Promise<void> {
    const bytes = this.#options.serializer.encode(value);
    const life = ttlMs === Infinity ? [] : ['PX', String(Math.max(1, Math.ceil(ttlMs)))];
    await this.#connection.command(['SET', valueKey(this.#options.name, key), bytes, ...life]);
  }

  async remove(key: string): Promise<void> {
    await this.#connection.command(['EVAL', removeScript, '1', valueKey(this.#options.name, key)]);
  }

  /** Takes the right to load a key; undefined when another process has it. */
  async lock(key: string): Promise<string | undefined> {
    const token = randomUUID();
    const px = String(Math.ceil(this.#options.loadLockMs));
    const reply = await this.#connection.command([
      'SET',
      lockKey(this.#options.name, key),
      token,
      'NX',
      'PX',
      px,
    ]);
    return reply === null || reply === undefined ? undefined : token;
  }

  async unlock(key: string, token: string): Promise<void> {
    await this.#connection.command(['EVAL', releaseScript, '1', lockKey(this.#options.name, key), token]);
  }
}

/** First part of the keys of all values of a cache. */
export function valuePrefix(name: string): string {
  return `${name}:v:`;
}

function valueKey(name: string, key: string): string {
  return valuePrefix(name) + key;
}

function lockKey(name: string, key: string): string {
  return `${name}:l:${key}`;
}
