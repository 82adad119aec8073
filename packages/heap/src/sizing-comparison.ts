import { gib, mib } from '@plimsoll/memory';
import { assessHeap, type HeapVerdict } from './assessment.ts';
import { fullPlanOptions } from './plan/full-plan-options.ts';
import type { PlanHeapOptions } from './plan/heap-plan.ts';
import { planHeap } from './plan/plan-heap.ts';
import { ownLimitBytes } from './plan/reserves.ts';
import { predictV8Heap, type V8Heap } from './v8-heap.ts';

/** One way to size a heap, judged. */
export interface JudgedSizing {
  readonly oldSpaceBytes: number;
  readonly verdict: HeapVerdict;
}

/** Three ways to size the heap under one limit. */
export interface SizingComparison {
  readonly limitBytes: number;
  /** The plan; undefined where no heap fits. */
  readonly planned: JudgedSizing | undefined;
  /** What V8 gives itself. */
  readonly byDefault: JudgedSizing;
  /** An old space of three quarters of the limit, semi-spaces as V8 gives them. */
  readonly threeQuarters: JudgedSizing;
}

/** The limits of the table: 128 MiB to 16 GiB. */
export const comparedLimits: readonly number[] = Object.freeze([
  mib(128),
  mib(192),
  mib(256),
  mib(384),
  mib(512),
  mib(768),
  gib(1),
  gib(1.5),
  gib(2),
  gib(3),
  gib(4),
  gib(6),
  gib(8),
  gib(12),
  gib(16),
]);

/** The plan beside Node's default and the 75 % rule, all judged by the reserves of the plan. */
export function compareSizings(options: PlanHeapOptions): SizingComparison {
  const full = fullPlanOptions(options);
  const { limitBytes, nodeMajor } = full;
  const v8 = predictV8Heap({ limitBytes, nodeMajor });
  const threeQuartersBytes = Math.floor((ownLimitBytes(full) * 0.75) / mib(1)) * mib(1);
  const judge = (heap: V8Heap): JudgedSizing => ({
    oldSpaceBytes: heap.oldSpaceBytes,
    verdict: assessHeap({ ...full, heap }).verdict,
  });
  return {
    limitBytes,
    planned: plannedSizing(options),
    byDefault: judge(v8),
    threeQuarters: judge({
      ...v8,
      oldSpaceBytes: threeQuartersBytes,
      heapLimitBytes: threeQuartersBytes + 3 * v8.semiSpaceBytes,
    }),
  };
}

function plannedSizing(options: PlanHeapOptions): JudgedSizing | undefined {
  try {
    const plan = planHeap(options);
    return { oldSpaceBytes: plan.oldSpaceBytes, verdict: 'fits' };
  } catch {
    // No heap fits: the table says so.
    return undefined;
  }
}
