import { getHeapStatistics } from 'node:v8';
import { holderBudgetBytes } from '@plimsoll/memory/holders';

/** Part of V8's heap limit that stands for the budget while none is set. */
const assumedBudgetRatio = 0.25;

let assumedBudgetBytes = 0;

/** Bytes a cache with this share may use now. */
export function sharedBoundBytes(shareRatio: number): number {
  let budgetBytes = holderBudgetBytes();
  if (budgetBytes === undefined) {
    if (assumedBudgetBytes === 0)
      assumedBudgetBytes = getHeapStatistics().heap_size_limit * assumedBudgetRatio;
    budgetBytes = assumedBudgetBytes;
  }
  return Math.max(1, Math.floor(budgetBytes * shareRatio));
}
