import type { HeldLease } from './leak-detector.ts';
import type { WaitTimes } from './wait-histogram.ts';

/** What {@link ResourcePool.drain} came to. */
export interface DrainReport {
  /** True when every lease came back and every resource was ended within the deadline. */
  readonly complete: boolean;
  readonly elapsedMs: number;
  /** The leases that did not come back, with label and, when watched, the stack they were taken at. Their resources were ended all the same. */
  readonly leaked: readonly HeldLease[];
  /** Callers that still waited at the deadline and were refused. */
  readonly refusedCount: number;
}

/** The counters of a {@link ResourcePool}. */
export interface ResourcePoolStats {
  readonly idleCount: number;
  readonly leasedCount: number;
  /** Resources being created, checked or ended; each holds one of the `maxCount` permits. */
  readonly pendingCount: number;
  readonly waiterCount: number;
  /** Leases given since the pool began. */
  readonly leaseCount: number;
  readonly createdCount: number;
  readonly createFailedCount: number;
  readonly destroyedCount: number;
  readonly timedOutCount: number;
  /** Watched leases that were collected without having been given back. */
  readonly leakedCount: number;
  /** How long queued callers waited until they were served. A caller served at once is not in it. */
  readonly waits: WaitTimes;
}
