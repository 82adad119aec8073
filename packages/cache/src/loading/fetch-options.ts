import { refuse, requireDuration } from '../cache-options.ts';

/** What one `fetch` may be told. */
export interface FetchOptions {
  /** Ends this caller's wait with ERR_PLIMSOLL_ABORTED; the load itself ends when nobody waits any more. */
  readonly signal?: AbortSignal;
  /** Milliseconds the loaded value stays fresh, instead of the cache's `ttlMs`. */
  readonly ttlMs?: number;
  /**
   * Milliseconds an absence (a loader that answers undefined) is remembered.
   * @default 0
   */
  readonly negativeTtlMs?: number;
  /**
   * Milliseconds a failure is remembered and thrown again without a new load.
   * @default 0
   */
  readonly failureTtlMs?: number;
  /**
   * Part of the TTL after which a hit starts a new load while the old value is served. Range: above 0, up to 1.
   * @default 1, which never does
   */
  readonly refreshAheadRatio?: number;
}

/** What holds when an option is not given. */
export const fetchDefaults: {
  readonly negativeTtlMs: number;
  readonly failureTtlMs: number;
  readonly refreshAheadRatio: number;
} = Object.freeze({ negativeTtlMs: 0, failureTtlMs: 0, refreshAheadRatio: 1 });

/** A loader's "there is none", kept as an entry. */
export class Absence {}

/** A loader's error, kept as an entry. */
export class Failure {
  readonly error: unknown;

  constructor(error: unknown) {
    this.error = error;
  }
}

/** Options with the defaults in place, checked. */
export interface ResolvedFetchOptions {
  readonly signal: AbortSignal | undefined;
  readonly ttlMs: number | undefined;
  readonly negativeTtlMs: number;
  readonly failureTtlMs: number;
  readonly refreshAheadRatio: number;
}

const plainFetch: ResolvedFetchOptions = Object.freeze({
  ...fetchDefaults,
  signal: undefined,
  ttlMs: undefined,
});

/**
 * Checks the options of a fetch.
 * @throws ERR_PLIMSOLL_OPTION when a value cannot be used.
 */
export function resolveFetchOptions(options: FetchOptions | undefined): ResolvedFetchOptions {
  if (options === undefined) return plainFetch;
  const refreshAheadRatio = options.refreshAheadRatio ?? fetchDefaults.refreshAheadRatio;
  if (!(refreshAheadRatio > 0 && refreshAheadRatio <= 1)) {
    refuse('refreshAheadRatio', refreshAheadRatio, 'a number above 0 and up to 1');
  }
  return {
    signal: options.signal,
    ttlMs: options.ttlMs === undefined ? undefined : requireDuration('ttlMs', options.ttlMs),
    negativeTtlMs: requireDuration(
      'negativeTtlMs',
      options.negativeTtlMs ?? fetchDefaults.negativeTtlMs,
      true,
    ),
    failureTtlMs: requireDuration('failureTtlMs', options.failureTtlMs ?? fetchDefaults.failureTtlMs, true),
    refreshAheadRatio,
  };
}
