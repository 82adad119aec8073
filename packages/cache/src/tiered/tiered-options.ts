import { type CacheBound, refuse, requireDuration } from '../cache-options.ts';
import { jsonSerializer, type Serializer } from './serializer.ts';

const longestTimeoutMs = 2 ** 31 - 1;

/** What a {@link TieredCache} is told. */
export interface TieredCacheOptions<V> {
  /** Server: `redis://host:6379`. Redis 6 or later, or Valkey. */
  readonly url: string;
  /** Name of the cache: the first part of its keys in Redis, and its name among the holders. Every process of the fleet gives the same. */
  readonly name: string;
  /** Bound of the copy in this process. */
  readonly near: CacheBound;
  /**
   * Milliseconds a value lives in Redis; Infinity = until it is invalidated or Redis evicts it.
   * @default 300000
   */
  readonly farTtlMs?: number;
  /**
   * Milliseconds a copy lives in this process, at most what is left of its life in Redis.
   * @default 30000
   */
  readonly nearTtlMs?: number;
  /**
   * Milliseconds a command may take before Redis is taken for slow. Range: above 0, up to 2147483647.
   * @default 250
   */
  readonly commandTimeoutMs?: number;
  /**
   * Milliseconds one process may load a key while the others wait for what it writes. Range: above 0, up to 2147483647.
   * @default 5000
   */
  readonly loadLockMs?: number;
  /** @default JSON */
  readonly serializer?: Serializer<V>;
  /**
   * Further options of `createClient` of the `redis` package: credentials, TLS.
   * @default {}
   */
  readonly clientOptions?: Readonly<Record<string, unknown>>;
}

/** What holds when an option is not given. */
export const tieredDefaults: {
  readonly farTtlMs: number;
  readonly nearTtlMs: number;
  readonly commandTimeoutMs: number;
  readonly loadLockMs: number;
} = Object.freeze({ farTtlMs: 300_000, nearTtlMs: 30_000, commandTimeoutMs: 250, loadLockMs: 5_000 });

/** Options with the defaults in place, checked. */
export type ResolvedTieredOptions<V> = Required<TieredCacheOptions<V>>;

/**
 * Checks options and puts the defaults in place.
 * @throws ERR_PLIMSOLL_OPTION when a value cannot be used.
 */
export function resolveTieredOptions<V>(options: TieredCacheOptions<V>): ResolvedTieredOptions<V> {
  const { url, name, near } = options;
  if (typeof url !== 'string' || !/^rediss?:\/\//.test(url)) {
    refuse('url', typeof url, 'an address such as redis://localhost:6379');
  }
  if (typeof name !== 'string' || name === '') refuse('name', name, 'a name, the same in every process');
  return {
    url,
    name,
    near,
    farTtlMs: requireDuration('farTtlMs', options.farTtlMs ?? tieredDefaults.farTtlMs),
    nearTtlMs: requireDuration('nearTtlMs', options.nearTtlMs ?? tieredDefaults.nearTtlMs),
    commandTimeoutMs: requireTimeout('commandTimeoutMs', options.commandTimeoutMs),
    loadLockMs: requireTimeout('loadLockMs', options.loadLockMs),
    serializer: options.serializer ?? jsonSerializer<V>(),
    clientOptions: options.clientOptions ?? {},
  };
}

/** Timers take what is longer for no time at all, and Redis refuses a lock that is to live forever. */
function requireTimeout(option: 'commandTimeoutMs' | 'loadLockMs', value: number | undefined): number {
  const timeoutMs = requireDuration(option, value ?? tieredDefaults[option]);
  if (timeoutMs > longestTimeoutMs) refuse(option, timeoutMs, `milliseconds up to ${longestTimeoutMs}`);
  return timeoutMs;
}
