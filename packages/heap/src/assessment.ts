import { formatBytes } from '@plimsoll/memory';
import { fullPlanOptions } from './plan/full-plan-options.ts';
import type { HeapPlan, PlanHeapOptions, ReserveName } from './plan/heap-plan.ts';
import { planHeap } from './plan/plan-heap.ts';
import { fixedReserves, heapOverheadBytes, YOUNG_LEAST_BYTES } from './plan/reserves.ts';
import type { V8Heap } from './v8-heap.ts';

/** What {@link assessHeap} is told. */
export interface AssessHeapOptions extends Pick<
  PlanHeapOptions,
  'workerCount' | 'workerOldSpaceBytes' | 'childCount' | 'platform'
> {
  /** Bytes at which the kernel kills. */
  readonly limitBytes: number;
  /** The heap V8 is allowed. */
  readonly heap: V8Heap;
  /**
   * Bytes of Buffers and native libraries.
   * @default 0
   */
  readonly externalBytes?: number;
  readonly nodeMajor: number;
}

/**
 * How a heap stands in its container. `killed`: the kernel comes before V8's own limit, or nothing works any more. `tight`: V8 ends first, and what evidence
 * needs may not fit. `wasteful`: a quarter or more of the heap that would fit is never used. `fits`.
 */
export type HeapVerdict = 'killed' | 'tight' | 'wasteful' | 'fits';

/** A judgement with its numbers. */
export interface HeapAssessment {
  readonly verdict: HeapVerdict;
  /** One sentence: `this 256 MiB container lets V8 grow to 259 MiB: expect 137`. */
  readonly sentence: string;
  /** What the process needs when its heap is full. */
  readonly peakBytes: number;
  /** What is then left of the limit; negative when it does not fit. */
  readonly freeBytes: number;
  /** The plan for this limit; undefined where no heap fits. */
  readonly plan: HeapPlan | undefined;
}

/** Reserves that a full heap does not use: what is kept for the kernel; the young generation is counted as it is. */
const NOT_IN_THE_PEAK: ReadonlySet<ReserveName> = new Set(['young', 'margin']);

/** Below this share of the heap that would fit, memory is paid for and never used. */
const WASTEFUL_RATIO = 0.75;

/** How `heap` stands under `limitBytes`, by the same reserves that {@link planHeap} makes. */
export function assessHeap(options: AssessHeapOptions): HeapAssessment {
  const { heap, ...terms } = options;
  const { limitBytes, nodeMajor } = terms;
  const reserves = fixedReserves(fullPlanOptions(terms));
  const plan = planOrNone(terms);
  const peakBytes =
    reserves.reduce((sum, { name, bytes }) => (NOT_IN_THE_PEAK.has(name) ? sum : sum + bytes), 0) +
    Math.max(heap.semiSpaceBytes, YOUNG_LEAST_BYTES) +
    heap.oldSpaceBytes +
    heapOverheadBytes(heap.oldSpaceBytes, nodeMajor);
  const freeBytes = limitBytes - peakBytes;
  const container = `this ${formatBytes(limitBytes)} container`;
  const grown = `lets V8 grow to ${formatBytes(heap.heapLimitBytes)}`;
  const numbers = { peakBytes, freeBytes, plan };
  if (freeBytes < 0) {
    return { verdict: 'killed', sentence: `${container} ${grown}: expect 137`, ...numbers };
  }
  const marginBytes = reserves.find(({ name }) => name === 'margin')?.bytes ?? 0;
  if (plan === undefined || freeBytes < marginBytes) {
    const left = `that leaves ${formatBytes(freeBytes)} for the kernel’s own pages and evidence, of the ${formatBytes(marginBytes)} they need`;
    return { verdict: 'tight', sentence: `${container} ${grown}: ${left}`, ...numbers };
  }
  if (heap.oldSpaceBytes < plan.oldSpaceBytes * WASTEFUL_RATIO) {
    const unused = formatBytes(plan.heapLimitBytes - heap.heapLimitBytes);
    const sentence = `${container} ${grown}, and ${unused} more would fit: expect 134 with memory unused`;
    return { verdict: 'wasteful', sentence, ...numbers };
  }
  return { verdict: 'fits', sentence: `${container} ${grown}, which fits it`, ...numbers };
}

function planOrNone(options: Parameters<typeof planHeap>[0]): HeapPlan | undefined {
  try {
    return planHeap(options);
  } catch {
    // No heap fits: the verdict says so with the same numbers.
    return undefined;
  }
}
