export { assessHeap, type AssessHeapOptions, type HeapAssessment, type HeapVerdict } from './assessment.ts';
export { nodeArgumentsOf } from './flags/node-arguments.ts';
export { joinNodeOptions, splitNodeOptions } from './flags/node-options.ts';
export {
  type HeapFlagName,
  readUserHeapFlags,
  type UserHeapFlag,
  type UserHeapFlags,
  type UserHeapFlagSources,
} from './flags/user-heap-flags.ts';
export { growHeap, type HeapGrowthOptions } from './growth.ts';
export { type ObservedMemory, type ObservedTerms, observedTerms } from './observed-terms.ts';
export type { HeapPlan, HeapReserve, PlanHeapOptions, ReserveName, WorkerPlan } from './plan/heap-plan.ts';
export { planHeap } from './plan/plan-heap.ts';
export {
  detectPlatform,
  type DetectPlatformOptions,
  type PlatformName,
  type PlatformRow,
  platforms,
} from './plan/platform.ts';
export {
  comparedLimits,
  compareSizings,
  type JudgedSizing,
  type SizingComparison,
} from './sizing-comparison.ts';
export { predictV8Heap, type PredictV8HeapOptions, type V8Heap } from './v8-heap.ts';
export { honourWorkerLimits } from './worker-limits.ts';
export {
  plannedWorkerYoungBytes,
  requireWorkerFits,
  sizeWorker,
  sizeWorkerPool,
  type WorkerPoolOptions,
  type WorkerSize,
} from './worker-size.ts';
