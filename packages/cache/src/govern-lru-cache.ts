import { type MemoryHolder, registerHolder } from '@plimsoll/memory/holders';
import { entryOverheadBytes, refuse } from './cache-options.ts';
import { weighKey, weighValue } from './weigher/structural-weigher.ts';

/** What is used of an lru-cache, so that any version from 7 on fits. */
export interface LruCacheLike<K, V> {
  readonly size: number;
  pop(): unknown;
  entries(): Iterator<unknown>;
  rentries(): Iterator<unknown>;
  peek(key: K): V | undefined;
}

/** What a governed lru-cache may be told. */
export interface GovernOptions<K, V> {
  /**
   * Name in `plimsoll top`, journal and metrics: from source code, never data.
   * @default 'lru-cache'
   */
  readonly name?: string;
  /**
   * Bytes of one value and its key.
   * @default the built-in structural weigher
   */
  readonly weigher?: (value: V, key: K) => number;
  /**
   * What losing one byte costs; see MemoryHolder.
   * @default 1
   */
  readonly cost?: number;
}

/** Values weighed at the start, and each time the bytes are asked for. */
const firstSampleCount = 256;
const laterSampleCount = 4;

/** An lru-cache of the application as a holder: see {@link governLruCache}. */
class GovernedLruCache<K, V> implements MemoryHolder, Disposable {
  readonly name: string;
  readonly cost: number;
  readonly #lru: LruCacheLike<K, V>;
  readonly #weigher: (value: V, key: K) => number;
  readonly #registration: Disposable;
  #walk: Iterator<unknown> | undefined;
  #weighedCount = 0;
  #meanBytes = 0;

  constructor(lru: LruCacheLike<K, V>, options: GovernOptions<K, V>) {
    this.name = options.name ?? 'lru-cache';
    this.cost = options.cost ?? 1;
    this.#lru = lru;
    this.#weigher = options.weigher ?? ((value, key) => weighValue(value) + weighKey(key));
    this.#registration = registerHolder(this);
  }

  /** Entries times the mean weight of a rolling sample. */
  bytes(): number {
    const { size } = this.#lru;
    if (size === 0) return 0;
    this.#sample(this.#weighedCount === 0 ? firstSampleCount : laterSampleCount);
    return Math.round(size * (this.#meanBytes + entryOverheadBytes));
  }

  /** Pops the least recently used entries, as lru-cache's own eviction does: `dispose` is called with the reason `evict`. */
  reclaim(targetBytes: number): number {
    let returnedBytes = 0;
    while (returnedBytes < targetBytes && this.#lru.size > 0) {
      const sizeBefore = this.#lru.size;
      // Nothing to weigh where all that is left is past its TTL: lru-cache holds such entries and does not show them.
      const entry = this.#lru.rentries().next();
      const [key, value] = (entry.done === true ? [] : entry.value) as [K, V];
      const bytes = entry.done === true ? this.#meanBytes : this.#weigh(value, key);
      try {
        this.#lru.pop();
      } catch {
        // `dispose` of the application threw: its fault must not reach the pressure path, and the entry is gone if the size says so.
      }
      if (this.#lru.size >= sizeBefore) break;
      returnedBytes += bytes + entryOverheadBytes;
    }
    return returnedBytes;
  }

  [Symbol.dispose](): void {
    this.#registration[Symbol.dispose]();
  }

  #sample(count: number): void {
    for (let look = 0; look < Math.min(count, this.#lru.size); look++) {
      this.#walk ??= this.#lru.entries();
      const next = this.#walk.next();
      if (next.done === true) {
        this.#walk = undefined;
        continue;
      }
      const [key, value] = next.value as [K, V];
      this.#weighedCount++;
      const weight = this.#weigh(value, key);
      this.#meanBytes += (weight - this.#meanBytes) / Math.min(this.#weighedCount, firstSampleCount);
    }
  }

  #weigh(value: V, key: K): number {
    try {
      const bytes = this.#weigher(value, key);
      if (bytes >= 0) return bytes;
    } catch {
      // An application's weigher must not make the pressure path throw: the built-in one is used instead.
    }
    return weighValue(value) + weighKey(key);
  }
}

/**
 * Makes an lru-cache that the application has already pressure-aware: it is counted in bytes, listed among the holders, and gives back its least recently used
 * entries when memory is short. Nothing about the cache itself changes; it stays governed until the result is disposed.
 * @throws ERR_PLIMSOLL_OPTION when `lru` is not an lru-cache.
 */
export function governLruCache<K, V>(
  lru: LruCacheLike<K, V>,
  options: GovernOptions<K, V> = {},
): MemoryHolder & Disposable {
  if (typeof lru?.pop !== 'function' || typeof lru.rentries !== 'function') {
    refuse('lru', typeof lru, 'an LRUCache of the package lru-cache, version 7 or later');
  }
  return new GovernedLruCache(lru, options);
}
