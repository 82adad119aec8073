// The caches that are compared, each made for `capacity` entries, with what it really holds then (some keep up to twice as many).
import flru from 'flru';
import { LRUCache } from 'lru-cache';
import { LRUMap } from 'mnemonist';
import QuickLRU from 'quick-lru';
import { lru as tinyLru } from 'tiny-lru';
import { newCache } from 'transitory';

/** The package as it is published, made by whoever measures (see published.mjs): constants are in place there. */
const { Cache } = await import(process.env.PLIMSOLL_BENCH_CACHE);

export const contenders = {
  'lru-cache': (capacity) => new LRUCache({ max: capacity }),
  // The same again: what differs between the two is noise.
  'lru-cache (A/A)': (capacity) => new LRUCache({ max: capacity }),
  plimsoll: (capacity) => new Cache({ maxCount: capacity }),
  'quick-lru': (capacity) => new QuickLRU({ maxSize: capacity }),
  mnemonist: (capacity) => new LRUMap(capacity),
  'tiny-lru': (capacity) => tinyLru(capacity),
  transitory: (capacity) => {
    const cache = newCache().maxSize(capacity).build();
    return { get: (key) => cache.getIfPresent(key) ?? undefined, set: (key, value) => cache.set(key, value) };
  },
  flru: (capacity) => flru(capacity),
};
