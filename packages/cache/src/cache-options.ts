import { PlimsollError, requireBytes } from '@plimsoll/memory/holders';
import type { Weigher } from './weigher/structural-weigher.ts';

/**
 * Why an entry left: the policy evicted it, time expired it, the caller invalidated it, a new value replaced it, or it was rejected and never came in
 * (heavier than the bound, or unknown while memory is scarce).
 */
export type RemovalReason = 'evict' | 'expire' | 'invalidate' | 'replace' | 'reject';

/** Called after an entry left, when the cache is consistent again; it may use the cache. A throw is counted in `stats().listenerFaults` and goes nowhere. */
export type RemovalListener<K, V> = (key: K, value: V, reason: RemovalReason) => void;

/** At least one bound is required: a cache without one is a leak. */
export type CacheBound =
  | {
      /** Most bytes the entries may keep alive, keys and {@link entryOverheadBytes} included. Range: above 0. */
      readonly maxBytes: number;
      /** Most entries. Range: an integer above 0. */
      readonly maxCount?: number;
      readonly shareRatio?: undefined;
    }
  | {
      readonly maxBytes?: undefined;
      /** Most entries. Range: an integer above 0. */
      readonly maxCount: number;
      readonly shareRatio?: undefined;
    }
  | {
      readonly maxBytes?: undefined;
      readonly maxCount?: number;
      /**
       * Share of the budget of all holders (`setHolderBudget` of @plimsoll/memory); follows it when it changes. While no budget is set, the budget is taken for
       * a quarter of V8's heap limit. Range: above 0, up to 1.
       */
      readonly shareRatio: number;
    };

/** What a cache may be told beside its bound. */
export interface CacheSettings<K, V> {
  /**
   * Name in `plimsoll top`, journal and metrics: from source code, never data.
   * @default 'cache'
   */
  readonly name?: string;
  /**
   * `adaptive` chooses among frequency, queue and recency rules by what they would have hit; `lru` is lru-cache.
   * @default 'adaptive'
   */
  readonly policy?: 'adaptive' | 'lru';
  /**
   * Milliseconds an entry stays fresh after it was written. Range: above 0.
   * @default Infinity
   */
  readonly ttlMs?: number;
  /**
   * Milliseconds an entry stays after it was last read or written. Range: above 0.
   * @default Infinity
   */
  readonly idleTtlMs?: number;
  /**
   * Milliseconds after `ttlMs` in which `fetch` still serves the old value while it loads the new one. `get` does not show it. Range: 0 and above.
   * @default 0
   */
  readonly staleWhileRevalidateMs?: number;
  /**
   * Bytes of a value and its key, without the entry. A weigher that throws or answers anything but a number from 0 up is counted in `stats().weigherFaults`,
   * and the built-in one is used for that value.
   * @default the built-in structural weigher: `weighValue(value) + weighKey(key)`
   */
  readonly weigher?: Weigher<K, V>;
  /** Told of every entry that leaves, and why. */
  readonly onRemove?: RemovalListener<K, V>;
  /**
   * Call `value[Symbol.dispose]()` of values that leave for any reason.
   * @default false
   */
  readonly disposeValues?: boolean;
  /**
   * Milliseconds from a clock of your own, for tests. A clock that goes backwards stands still.
   * @default performance.now
   */
  readonly clock?: () => number;
}

/** Everything a cache is told. */
export type CacheOptions<K, V> = CacheBound & CacheSettings<K, V>;

/** What one entry may be told. */
export interface EntryOptions {
  /** Milliseconds this entry stays fresh, instead of the cache's `ttlMs`. */
  readonly ttlMs?: number;
  /**
   * Never evict this entry; it can still expire and be invalidated. Its bytes count.
   * @default false
   */
  readonly pinned?: boolean;
  /** Bytes of value and key, instead of weighing them. */
  readonly weightBytes?: number;
}

/** What holds when an option is not given. */
export const cacheDefaults: {
  readonly name: string;
  readonly policy: 'adaptive' | 'lru';
  readonly ttlMs: number;
  readonly idleTtlMs: number;
  readonly staleWhileRevalidateMs: number;
  readonly disposeValues: boolean;
} = Object.freeze({
  name: 'cache',
  policy: 'adaptive',
  ttlMs: Infinity,
  idleTtlMs: Infinity,
  staleWhileRevalidateMs: 0,
  disposeValues: false,
});

/**
 * Bytes of the structures behind one entry: key and value 16, links 8, weight 4, hash 4, state 2, index 6 to 10, the policy's memory of what left 4 to 8.
 * Entries with a deadline have 20 more. Counted in `maxBytes`.
 */
export const entryOverheadBytes = 48;
/** Bytes an entry with a deadline has beside {@link entryOverheadBytes}. */
export const deadlineBytes = 20;

/** Options with every default in place, checked. */
export interface ResolvedCacheOptions<K, V> {
  readonly name: string;
  readonly policy: 'adaptive' | 'lru';
  readonly maxBytes: number | undefined;
  readonly maxCount: number;
  readonly shareRatio: number | undefined;
  readonly ttlMs: number;
  readonly idleTtlMs: number;
  readonly staleWhileRevalidateMs: number;
  readonly weigher: Weigher<K, V> | undefined;
  readonly onRemove: RemovalListener<K, V> | undefined;
  readonly disposeValues: boolean;
  readonly clock: () => number;
}

/**
 * Checks options and puts the defaults in place.
 * @throws ERR_PLIMSOLL_OPTION when a value cannot be used.
 */
export function resolveCacheOptions<K, V>(options: CacheOptions<K, V>): ResolvedCacheOptions<K, V> {
  if (typeof options !== 'object' || options === null) refuse('options', options, 'an object with a bound');
  const { maxBytes, maxCount, shareRatio } = options;
  if (maxBytes === undefined && maxCount === undefined && shareRatio === undefined) {
    refuse(
      'maxBytes',
      maxBytes,
      'a bound: maxBytes, maxCount or shareRatio. Give maxBytes: mib(64), for example',
    );
  }
  if (maxBytes !== undefined) requireBytes('maxBytes', maxBytes, 1);
  if (maxCount !== undefined && !(Number.isInteger(maxCount) && maxCount > 0)) {
    refuse('maxCount', maxCount, 'an integer of at least 1. Leave it out to bound by bytes alone');
  }
  if (shareRatio !== undefined && !(shareRatio > 0 && shareRatio <= 1)) {
    refuse('shareRatio', shareRatio, 'a number above 0 and up to 1. Give 0.25 for a quarter of the budget');
  }
  const policy = options.policy ?? cacheDefaults.policy;
  if (policy !== 'adaptive' && policy !== 'lru') refuse('policy', policy, "'adaptive' or 'lru'");
  for (const option of ['weigher', 'onRemove', 'clock'] as const) {
    const value = options[option];
    if (value !== undefined && typeof value !== 'function') refuse(option, value, 'a function, or nothing');
  }
  return {
    name: options.name ?? cacheDefaults.name,
    policy,
    maxBytes,
    maxCount: maxCount ?? Infinity,
    shareRatio,
    ttlMs: requireDuration('ttlMs', options.ttlMs ?? cacheDefaults.ttlMs),
    idleTtlMs: requireDuration('idleTtlMs', options.idleTtlMs ?? cacheDefaults.idleTtlMs),
    staleWhileRevalidateMs: requireDuration(
      'staleWhileRevalidateMs',
      options.staleWhileRevalidateMs ?? cacheDefaults.staleWhileRevalidateMs,
      true,
    ),
    weigher: options.weigher,
    onRemove: options.onRemove,
    disposeValues: options.disposeValues ?? cacheDefaults.disposeValues,
    clock: options.clock ?? (() => performance.now()),
  };
}

/**
 * `value` when it is a duration: above 0, or from 0 up where 0 is allowed.
 * @throws ERR_PLIMSOLL_OPTION otherwise.
 */
export function requireDuration(option: string, value: unknown, allowsZero = false): number {
  if (typeof value === 'number' && (value > 0 || (allowsZero && value === 0))) return value;
  return refuse(
    option,
    value,
    `milliseconds ${allowsZero ? 'of at least 0' : 'above 0'}. Leave it out for the default`,
  );
}

/** Refuses a value of an option. */
export function refuse(option: string, value: unknown, expected: string): never {
  throw new PlimsollError('ERR_PLIMSOLL_OPTION', `${option} is ${String(value)}; expected ${expected}.`, {
    details: { option, value },
  });
}
