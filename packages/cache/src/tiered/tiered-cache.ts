import { Cache } from '../cache.ts';
import type { CacheStats } from '../cache-stats.ts';
import type { FetchOptions } from '../loading/fetch-options.ts';
import type { LoadContext, Loader } from '../loading/load-table.ts';
import { FarTier, type FarValue, valuePrefix } from './far-tier.ts';
import { Passages } from './passages.ts';
import { RedisConnection } from './redis-connection.ts';
import {
  type ResolvedTieredOptions,
  resolveTieredOptions,
  type TieredCacheOptions,
} from './tiered-options.ts';

/** What a {@link TieredCache} did. */
export interface TieredCacheStats {
  /** The copy in this process. */
  readonly near: CacheStats;
  /** Values found in Redis. */
  readonly farHits: number;
  /** Keys that Redis did not have. */
  readonly farMisses: number;
  /** Commands and connections that failed. */
  readonly farFaults: number;
  /** Copies dropped because another process changed the value. */
  readonly invalidations: number;
  /** Times everything here was dropped because changes may have been missed. */
  readonly gaps: number;
  /** True while Redis answers. */
  readonly isFarUsable: boolean;
}

/**
 * A bounded copy in this process before a Redis that the fleet shares. Redis tells every change (RESP3 tracking), so a copy is dropped within a round trip of
 * another process's write; a copy never outlives the value in Redis; one process of the fleet loads a missing key while the others wait for it.
 * While Redis is slow or gone the copies serve, then the loader; when it is back, everything here is dropped, for changes may have been missed.
 *
 * A cut network is noticed within three heartbeats of a second; until then a copy can be stale, and never for longer than `nearTtlMs`.
 */
export class TieredCache<V> implements AsyncDisposable {
  readonly #options: ResolvedTieredOptions<V>;
  readonly #near: Cache<string, V>;
  readonly #connection: RedisConnection;
  readonly #far: FarTier<V>;
  readonly #passages = new Passages();
  readonly #prefixLength: number;
  #farHits = 0;
  #farMisses = 0;
  #invalidations = 0;
  #gaps = 0;

  private constructor(
    options: ResolvedTieredOptions<V>,
    near: Cache<string, V>,
    connection: RedisConnection,
  ) {
    this.#options = options;
    this.#near = near;
    this.#connection = connection;
    this.#far = new FarTier(connection, options);
    this.#prefixLength = valuePrefix(options.name).length;
  }

  /**
   * Makes a cache and waits for the first attempt to connect. A server that is not there is no error: the cache works without it and connects when it comes.
   * @throws ERR_PLIMSOLL_OPTION when an option cannot be used, ERR_PLIMSOLL_UNAVAILABLE when the package `redis` is not installed.
   */
  static async connect<V>(options: TieredCacheOptions<V>): Promise<TieredCache<V>> {
    const resolved = resolveTieredOptions(options);
    const near = new Cache<string, V>({
      ...resolved.near,
      name: resolved.name,
      ttlMs: resolved.nearTtlMs,
    });
    const told: { cache?: TieredCache<V> } = {};
    try {
      const connection = await RedisConnection.open({
        url: resolved.url,
        clientOptions: resolved.clientOptions,
        commandTimeoutMs: resolved.commandTimeoutMs,
        prefix: valuePrefix(resolved.name),
        onInvalidate: (farKey) => {
          if (told.cache !== undefined) told.cache.#invalidate(farKey);
        },
        onGap: () => {
          if (told.cache !== undefined) told.cache.#forgetAll();
        },
      });
      told.cache = new TieredCache(resolved, near, connection);
      return told.cache;
    } catch (error) {
      near[Symbol.dispose]();
      throw error;
    }
  }

  /** The value of `key`, from here or from Redis; undefined when neither has it. Never throws because of Redis. */
  async get(key: string): Promise<V | undefined> {
    return await this.#near.fetch(key, (_key, context) => this.#readInto(key, context));
  }

  /**
   * The value of `key`, loaded when neither tier has it: once in this process, and once in the fleet while Redis answers.
   * @throws what the loader throws; ERR_PLIMSOLL_ABORTED when `signal` ends the wait.
   */
  async fetch(key: string, loader: Loader<string, V>, options?: FetchOptions): Promise<V | undefined> {
    return await this.#near.fetch(
      key,
      async (_key, context) => {
        const held = await this.#readInto(key, context);
        return held ?? (await this.#load(key, loader, context, options));
      },
      options,
    );
  }

  /** Writes a value for the whole fleet; false when Redis could not be told, and only this process has it until Redis is back. */
  async set(key: string, value: V, options: { readonly ttlMs?: number } = {}): Promise<boolean> {
    const ttlMs = options.ttlMs ?? this.#options.farTtlMs;
    // Redis does not tell us of our own changes: what a load under way here has seen is older than this.
    this.#passages.overtake(key);
    // Here first: a change by another process that is told while ours is on its way drops this copy.
    this.#near.set(key, value, { ttlMs: Math.min(ttlMs, this.#options.nearTtlMs) });
    try {
      await this.#far.write(key, value, ttlMs);
      return true;
    } catch {
      // Counted by the connection; the breaker decides what follows.
      return false;
    }
  }

  /** Invalidates a key for the whole fleet, loads under way included; false when Redis could not be told. */
  async delete(key: string): Promise<boolean> {
    this.#passages.overtake(key);
    this.#near.delete(key);
    try {
      await this.#far.remove(key);
      return true;
    } catch {
      return false;
    }
  }

  /** What happened in both tiers. */
  stats(): TieredCacheStats {
    return {
      near: this.#near.stats(),
      farHits: this.#farHits,
      farMisses: this.#farMisses,
      farFaults: this.#connection.faultCount,
      invalidations: this.#invalidations,
      gaps: this.#gaps,
      isFarUsable: this.#connection.isUsable,
    };
  }

  /** Closes the connection and drops every copy. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#connection.close();
    this.#near[Symbol.dispose]();
    this.#passages.tellAll();
    await Promise.resolve();
  }

  /** Reads Redis and says how long the copy may be kept. */
  async #readInto(key: string, context: LoadContext<V>): Promise<V | undefined> {
    if (!this.#connection.isUsable) return undefined;
    const passage = this.#passages.enter(key);
    let found: FarValue<V> | undefined;
    try {
      found = await this.#far.read(key);
    } catch {
      // Slow or gone: as if it had nothing. Counted by the connection.
      return undefined;
    } finally {
      this.#passages.leave(key, passage);
    }
    if (found === undefined) {
      this.#farMisses++;
      return undefined;
    }
    this.#farHits++;
    const nearMs = Math.min(this.#options.nearTtlMs, found.remainingMs);
    context.keepFor(passage.isOvertaken ? 0 : nearMs);
    return found.value;
  }

  async #load(
    key: string,
    loader: Loader<string, V>,
    context: LoadContext<V>,
    options: FetchOptions | undefined,
  ): Promise<V | undefined> {
    const token = await this.#takeLoad(key);
    if (token === 'another') {
      const arrived = await this.#awaitOther(key, context);
      if (arrived !== undefined) return arrived;
    }
    let farTtlMs = options?.ttlMs ?? this.#options.farTtlMs;
    const passage = this.#passages.enter(key);
    try {
      const value = await loader(key, {
        signal: context.signal,
        staleValue: context.staleValue,
        keepFor: (ttlMs) => {
          farTtlMs = ttlMs;
        },
      });
      if (value === undefined) return value;
      if (!(farTtlMs > 0)) {
        context.keepFor(0);
        return value;
      }
      // A change told while the value was loaded makes it old: whoever asked gets it, nobody keeps it.
      if (!passage.isOvertaken) await this.#share(key, value, farTtlMs);
      context.keepFor(passage.isOvertaken ? 0 : Math.min(farTtlMs, this.#options.nearTtlMs));
      return value;
    } finally {
      this.#passages.leave(key, passage);
      if (token !== 'another' && token !== undefined) await this.#giveBackLoad(key, token);
    }
  }

  /** A token when this process may load, `another` when one loads already, undefined when Redis cannot say. */
  async #takeLoad(key: string): Promise<string | undefined> {
    if (!this.#connection.isUsable) return undefined;
    try {
      return (await this.#far.lock(key)) ?? 'another';
    } catch {
      return undefined;
    }
  }

  async #giveBackLoad(key: string, token: string): Promise<void> {
    try {
      await this.#far.unlock(key, token);
    } catch {
      // It runs out by itself after loadLockMs.
    }
  }

  async #share(key: string, value: V, ttlMs: number): Promise<void> {
    try {
      await this.#far.write(key, value, ttlMs);
    } catch {
      // Kept here alone; counted by the connection.
    }
  }

  /** What the process that loads the key wrote; undefined when it wrote nothing in the time it has. */
  async #awaitOther(key: string, context: LoadContext<V>): Promise<V | undefined> {
    const endMs = performance.now() + this.#options.loadLockMs;
    while (performance.now() < endMs && !context.signal.aborted && this.#connection.isUsable) {
      await this.#passages.arrival(key);
      const found = await this.#readInto(key, context);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #invalidate(farKey: string | null): void {
    if (farKey === null) {
      this.#forgetAll();
      return;
    }
    const key = farKey.slice(this.#prefixLength);
    this.#invalidations++;
    this.#passages.overtake(key);
    // Only what is held: `delete` would also give up a load under way, which the passages look after.
    if (this.#near.has(key)) this.#near.delete(key);
    this.#passages.tell(key);
  }

  #forgetAll(): void {
    this.#gaps++;
    this.#passages.overtakeAll();
    this.#near.clear();
  }
}
