export {
  type HeapPlan,
  planHeap,
  type PlanHeapOptions,
  sizeWorker,
  sizeWorkerPool,
  type WorkerPoolOptions,
  type WorkerSize,
} from '@plimsoll/heap';
export {
  formatBytes,
  gib,
  isPlimsollError,
  kib,
  type MemoryHolder,
  type MemoryLimit,
  type MemorySample,
  mib,
  parseByteSize,
  PlimsollError,
  type PressureEvent,
  type PressureLevel,
} from '@plimsoll/memory';
export {
  type CaptureOutcome,
  type Guard,
  type GuardOptions,
  type IncidentRecord,
  readIncident,
  readTimeline,
  type TimelineRecord,
} from '@plimsoll/watchdog';
export * as memory from './memory.ts';
export { planService } from './service-plan.ts';
export { start } from './start.ts';
