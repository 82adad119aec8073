/** What a cache did since it was made, and what it holds. */
export interface CacheStats {
  /** Entries now. */
  readonly count: number;
  /** Bytes the entries keep alive now; an estimate from a sample when the bound is a count. */
  readonly bytes: number;
  /** The bound in bytes now (pressure may have lowered it), Infinity when only the count is bounded. */
  readonly capacityBytes: number;
  /** The bound in entries now. */
  readonly capacityCount: number;
  readonly hits: number;
  readonly misses: number;
  /** hits / (hits + misses), 0 before the first request. */
  readonly hitRatio: number;
  /** New keys let in. */
  readonly admissions: number;
  /** New keys not let in. */
  readonly rejections: number;
  readonly evictions: number;
  readonly expirations: number;
  readonly loads: number;
  readonly loadFailures: number;
  /** Milliseconds all loads together took. */
  readonly loadTimeMs: number;
  /** Requests answered with a stale value while a new one was loaded. */
  readonly staleHits: number;
  /** Throws of `onRemove` and of values' `Symbol.dispose`. */
  readonly listenerFaults: number;
  /** Throws and impossible answers of `weigher`. */
  readonly weigherFaults: number;
  /** The eviction rule in use: `frequency`, `queue`, `wide-queue`, `recency`; or `lru`. */
  readonly rule: string;
}

/** The counters behind {@link CacheStats}. */
export class CacheCounters {
  misses = 0;
  /** Hits the order counted that were none: expired, marked, or written. */
  falseHits = 0;
  admissions = 0;
  rejections = 0;
  evictions = 0;
  expirations = 0;
  loads = 0;
  loadFailures = 0;
  loadTimeMs = 0;
  staleHits = 0;
  listenerFaults = 0;
  weigherFaults = 0;
}
