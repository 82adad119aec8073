import { planHeap, type PlanHeapOptions } from '@plimsoll/heap';
import { mib } from '@plimsoll/memory';

/** What the plan of a limit gives the Node.js that runs this test, in MiB: its old space, and what V8 then calls its heap limit. */
export function plannedMib(
  limitMib: number,
  terms: Partial<PlanHeapOptions> = {},
): { readonly old: number; readonly heapLimit: number } {
  const { oldSpaceBytes, heapLimitBytes } = planHeap({ limitBytes: mib(limitMib), ...terms });
  return { old: oldSpaceBytes / mib(1), heapLimit: heapLimitBytes / mib(1) };
}
