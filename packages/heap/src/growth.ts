import { mib } from '@plimsoll/memory';
import type { HeapPlan, PlanHeapOptions } from './plan/heap-plan.ts';

/** What is known when V8 has reached the heap limit it was started with. */
export interface HeapGrowthOptions {
  /** The memory limit of this moment. */
  readonly limitBytes: number;
  /** The memory limit that the heap was planned for. */
  readonly plannedLimitBytes: number;
  readonly heapUsedBytes: number;
  /** V8's heap limit as the process was started. */
  readonly startedHeapLimitBytes: number;
  /** The part of it that is old space. */
  readonly startedOldSpaceBytes: number;
  /** Bytes of Buffers and native libraries. */
  readonly externalBytes: number;
}

/**
 * What V8 lets old space become at its limit while its debugger is enabled: four times what it was at the start, once. Beyond that only a restart helps.
 * @see `HeapLimitForDebugging` in V8's src/inspector/v8-debugger.cc
 */
const MAX_GROWTH_FACTOR = 4;

/** Below this much room a larger heap only puts the end off. */
const LEAST_ROOM_BYTES = mib(8);

/**
 * What the heap may grow to in a container that was resized in place: the heap that `plan` gives for the new limit, less what was kept back at the start (a package
 * manager beside the service), and at most four times the old space of the start, which is as far as V8 goes. undefined where the container has not grown, where no heap fits, and where the heap is already that large. Never throws.
 */
export function growHeap(
  options: HeapGrowthOptions,
  plan: (options: PlanHeapOptions) => Pick<HeapPlan, 'heapLimitBytes'>,
): number | undefined {
  const {
    limitBytes,
    plannedLimitBytes,
    heapUsedBytes,
    startedHeapLimitBytes,
    startedOldSpaceBytes,
    externalBytes,
  } = options;
  if (!(limitBytes > plannedLimitBytes)) return undefined;
  try {
    const planned = plan({ limitBytes: plannedLimitBytes, externalBytes });
    const keptBackBytes = Math.max(0, planned.heapLimitBytes - startedHeapLimitBytes);
    const plannedBytes = plan({ limitBytes, externalBytes }).heapLimitBytes - keptBackBytes;
    const mostBytes = startedHeapLimitBytes + (MAX_GROWTH_FACTOR - 1) * startedOldSpaceBytes;
    const growToBytes = Math.min(plannedBytes, mostBytes);
    return growToBytes >= heapUsedBytes + LEAST_ROOM_BYTES ? growToBytes : undefined;
  } catch {
    // No heap fits one of the limits: there is nothing to grow to.
    return undefined;
  }
}
