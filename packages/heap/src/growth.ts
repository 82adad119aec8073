import { mib } from '@plimsoll/memory';
import type { HeapPlan, PlanHeapOptions } from './plan/heap-plan.ts';
import { EVIDENCE_BYTES } from './plan/reserves.ts';

/** What is known when V8 has reached its heap limit. */
export interface HeapGrowthOptions {
  /** The memory limit of this moment. */
  readonly limitBytes: number;
  /** The memory limit that the heap was planned for. */
  readonly plannedLimitBytes: number;
  /** V8's heap limit that was reached. */
  readonly heapLimitBytes: number;
  readonly heapUsedBytes: number;
  /** What V8's heap limit becomes by the next step of growth. */
  readonly nextHeapLimitBytes: number;
  /** V8's heap limit as the process was started. */
  readonly startedHeapLimitBytes: number;
  /** What is free of the memory limit at this moment. */
  readonly headroomBytes: number;
  /** Bytes of Buffers and native libraries. */
  readonly externalBytes: number;
}

/** Below this much room a larger heap only puts the end off. */
const LEAST_ROOM_BYTES = mib(8);

/**
 * What the heap may grow to in a container that was resized in place: the heap that `plan` gives for the new limit, less what was kept back at the start (a package
 * manager beside the service). V8 grows in steps of a quarter, so the last one may pass the plan; it is taken only where the room measured at this moment holds a heap
 * that is full to the new limit, and the evidence. undefined where the container has not grown, where no heap fits, and where the heap is already that large. Never throws.
 */
export function growHeap(
  options: HeapGrowthOptions,
  plan: (options: PlanHeapOptions) => Pick<HeapPlan, 'heapLimitBytes'>,
): number | undefined {
  const { limitBytes, plannedLimitBytes, heapLimitBytes, nextHeapLimitBytes, externalBytes } = options;
  if (!(limitBytes > plannedLimitBytes)) return undefined;
  try {
    const planned = plan({ limitBytes: plannedLimitBytes, externalBytes });
    const keptBackBytes = Math.max(0, planned.heapLimitBytes - options.startedHeapLimitBytes);
    const plannedBytes = plan({ limitBytes, externalBytes }).heapLimitBytes - keptBackBytes;
    if (nextHeapLimitBytes <= plannedBytes) return plannedBytes;
    const fullBytes = nextHeapLimitBytes - options.heapUsedBytes;
    const hasRoom =
      plannedBytes >= heapLimitBytes + LEAST_ROOM_BYTES &&
      options.headroomBytes >= fullBytes + EVIDENCE_BYTES;
    return hasRoom ? nextHeapLimitBytes : undefined;
  } catch {
    // No heap fits one of the limits: there is nothing to grow to.
    return undefined;
  }
}
