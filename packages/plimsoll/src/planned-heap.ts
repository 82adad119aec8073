import { getHeapStatistics } from 'node:v8';
import { growHeap, type HeapGrowthOptions } from '@plimsoll/heap';
import { peekProcessWide, processWide } from '@plimsoll/memory';
import { planService } from './service-plan.ts';

const slot = 'planned-heap';

/** The heap this process was started with by a plan of ours. */
interface PlannedStart {
  readonly heapLimitBytes: number;
}

/** Remembers that the size flags of this process are ours: a heap that the user has sized himself is never let grow. */
export function markPlannedHeap(): void {
  processWide<PlannedStart>(slot, () => ({ heapLimitBytes: getHeapStatistics().heap_size_limit }));
}

/** What the heap may grow to in a container that has grown; undefined where the heap is not ours or there is no room. */
export function growService(terms: Omit<HeapGrowthOptions, 'startedHeapLimitBytes'>): number | undefined {
  const started = peekProcessWide<PlannedStart>(slot);
  if (started === undefined) return undefined;
  return growHeap({ ...terms, startedHeapLimitBytes: started.heapLimitBytes }, planService);
}
