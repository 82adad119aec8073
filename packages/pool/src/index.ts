export type { AcquireOptions } from './acquire-options.ts';
export { BufferLease } from './buffer-lease.ts';
export {
  BufferPool,
  bufferPoolDefaults,
  type BufferPoolOptions,
  type BufferPoolStats,
} from './buffer-pool.ts';
export type { Zeroing } from './buffer-store.ts';
export { estimateBytes } from './estimate-bytes.ts';
export { expectNoLeaks, type LeaseAccountable } from './expect-no-leaks.ts';
export type { HeldLease, LeakDetection, LeaseWatch } from './leak-detector.ts';
export { ObjectLease } from './object-lease.ts';
export { ObjectPool, type ObjectPoolStats } from './object-pool.ts';
export { type ObjectPoolBound, objectPoolDefaults, type ObjectPoolOptions } from './object-pool-options.ts';
export { poolChannelName, type PoolEvent, type PoolEventName } from './pool-events.ts';
export { ResourceLease } from './resource-lease.ts';
export { ResourcePool } from './resource-pool.ts';
export {
  type ResourceFactory,
  resourcePoolDefaults,
  type ResourcePoolOptions,
} from './resource-pool-options.ts';
export type { DrainReport, ResourcePoolStats } from './resource-pool-report.ts';
export type { SizeClassStats } from './size-class.ts';
export type { WaitTimes } from './wait-histogram.ts';
