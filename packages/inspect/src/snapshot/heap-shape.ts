import { getHeapSpaceStatistics } from 'node:v8';
import type { AllocationProfile } from '../profile/allocation-sampling.ts';

/** What can be known of a heap in 0.1 ms, and what a profile adds: the input of {@link predictSnapshotCost}. */
export interface HeapShape {
  /** Used bytes of all heap spaces. */
  readonly heapUsedBytes: number;
  /** Used bytes of the large-object spaces: arrays, tables and strings above 128 KiB. */
  readonly largeObjectBytes: number;
  /** The largest live object a profile has seen; undefined without a profile: then one object may be all of `largeObjectBytes`. */
  readonly largestObjectBytes?: number;
  /** Live bytes in objects above 1 KiB that a profile has seen: long strings, arrays of numbers. They cost a snapshot next to nothing. */
  readonly bulkBytes?: number;
}

/** A large object below this is sampled too rarely to say that there is none. */
const SURELY_SAMPLED_BYTES = 1024 * 1024;
/** From here on an object is few nodes for its bytes. */
const BULK_BYTES = 1024;

/**
 * Reads the shape of this thread's heap; about 0.1 ms. With a `profile` the largest array is known, and the bound that {@link predictSnapshotCost} states comes down.
 */
export function readHeapShape(profile?: AllocationProfile): HeapShape {
  let heapUsedBytes = 0;
  let largeObjectBytes = 0;
  for (const space of getHeapSpaceStatistics()) {
    heapUsedBytes += space.space_used_size;
    if (space.space_name === 'large_object_space' || space.space_name === 'new_large_object_space')
      largeObjectBytes += space.space_used_size;
  }
  if (profile === undefined) return { heapUsedBytes, largeObjectBytes };
  let largestObjectBytes = SURELY_SAMPLED_BYTES;
  let bulkBytes = 0;
  // A sample stands for interval + between 0 and 1 × the size of its object; one of an object far above the interval for that object alone.
  for (const { size } of profile.raw.samples ?? []) {
    if (size > largestObjectBytes) largestObjectBytes = size;
    if (size > profile.intervalBytes + BULK_BYTES) bulkBytes += size;
  }
  return { heapUsedBytes, largeObjectBytes, largestObjectBytes, bulkBytes };
}
