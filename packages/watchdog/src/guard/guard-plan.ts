import { journal, type MemoryLimit } from '@plimsoll/memory';
import type { HeapPlanner, PlannedHeap } from './guard-options.ts';

/** The plan for this limit; undefined without a planner and where no heap fits. Never throws. */
export function makePlan(
  plan: HeapPlanner | undefined,
  { limitBytes, origin: limitOrigin }: MemoryLimit,
  externalBytes: number,
): PlannedHeap | undefined {
  try {
    return plan?.({ limitBytes, limitOrigin, externalBytes });
  } catch (error) {
    journal().write('guard', 'no-plan', { reason: error instanceof Error ? error.message : String(error) });
    return undefined;
  }
}
