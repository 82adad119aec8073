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
export { fetchDefaults, type FetchOptions } from './loading/fetch-options.ts';
export type { LoadContext, Loader } from './loading/load-table.ts';
export { type Weigher, weighKey, weighValue } from './weigher/structural-weigher.ts';
