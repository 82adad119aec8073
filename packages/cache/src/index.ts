export { Cache } from './cache.ts';
export {
  type CacheBound,
  cacheDefaults,
  type CacheOptions,
  type CacheSettings,
  deadlineBytes,
  entryOverheadBytes,
  type EntryOptions,
  type RemovalListener,
  type RemovalReason,
} from './cache-options.ts';
export type { CacheStats } from './cache-stats.ts';
export { governLruCache, type GovernOptions, type LruCacheLike } from './govern-lru-cache.ts';
export { fetchDefaults, type FetchOptions } from './loading/fetch-options.ts';
export type { LoadContext, Loader } from './loading/load-table.ts';
export { type Weigher, weighKey, weighValue } from './weigher/structural-weigher.ts';
export { jsonSerializer, type Serializer } from './tiered/serializer.ts';
export { TieredCache, type TieredCacheStats } from './tiered/tiered-cache.ts';
export { type TieredCacheOptions, tieredDefaults } from './tiered/tiered-options.ts';
