import { type HeapPlan, planHeap, type PlanHeapOptions } from '@plimsoll/heap';
import { type PlimsollConfig, resolveConfig } from '@plimsoll/memory';

/** What the configuration says about the memory a service needs beside its heap. */
export type ServiceTerms = Required<
  Pick<PlanHeapOptions, 'externalBytes' | 'workerCount' | 'workerOldSpaceBytes' | 'childCount'>
>;

/** The part of a configuration that a plan is made from. */
export function serviceTermsOf(config: PlimsollConfig): ServiceTerms {
  const { externalBytes, workerCount, workerOldSpaceBytes, childCount } = config;
  return { externalBytes, workerCount, workerOldSpaceBytes, childCount };
}

/**
 * {@link planHeap} with the workers, children and Buffers that the `PLIMSOLL_*` variables state; what `options` say wins.
 * @throws ERR_PLIMSOLL_PLAN when no heap fits.
 */
export function planService(options: PlanHeapOptions): HeapPlan {
  const { config } = resolveConfig({ onFault: 'report' });
  return planHeap({ ...serviceTermsOf(config), ...options });
}
