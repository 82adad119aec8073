export { configurationMarkdown } from './config/configuration-markdown.ts';
export { processEnvironment } from './config/environment.ts';
export { byteSizeForm, formatBytes, gib, kib, mib, parseByteSize, requireBytes } from './byte-size.ts';
export {
  type ConfigFault,
  type ConfigInput,
  type ConfigOption,
  type ConfigOrigin,
  type PlimsollConfig,
  resolveConfig,
  type ResolveConfigOptions,
  type ResolvedConfig,
} from './config/resolve-config.ts';
export { type VariableName, type VariableRow, variables } from './config/table.ts';
export {
  type ErrorCode,
  errorCodes,
  type ErrorDetails,
  isPlimsollError,
  PlimsollError,
  type PlimsollErrorOptions,
} from './errors.ts';
export { type Journal, journal, type JournalEntry, type JournalSink } from './journal/journal.ts';
export { readCpuQuotaCores, type ReadCpuQuotaOptions } from './limits/cpu-quota.ts';
export type {
  CgroupLayout,
  LimitCandidate,
  LimitSource,
  MemoryLimit,
  ResolveMemoryLimitOptions,
} from './limits/memory-limit.ts';
export { resolveMemoryLimit } from './limits/resolve-limit.ts';
export {
  type MemoryMonitor,
  memoryMonitorDefaults,
  type MemoryMonitorOptions,
  type SampleListener,
} from './monitor/memory-monitor.ts';
export { startMemoryMonitor } from './monitor/start-monitor.ts';
export {
  onPressure,
  pressureChannelName,
  type PressureEvent,
  type PressureLevel,
  pressureLevel,
  pressureLevels,
  type PressureListener,
  publishPressure,
} from './pressure/level.ts';
export { pressureThresholdDefaults, type PressureThresholds } from './pressure/thresholds.ts';
export { type GroupProcess, readGroupProcesses } from './readings/group-processes.ts';
export { type MemoryReader, openMemoryReader } from './readings/memory-reader.ts';
export type { KernelCounters, MemorySample } from './readings/memory-sample.ts';
export { oldSpaceLimitBytes, startWords } from './readings/old-space-limit.ts';
export { readMemory } from './readings/read-memory.ts';
export { registerWorkerHeap, type WorkerHeap } from './readings/worker-heaps.ts';
export type {
  HolderReclaim,
  HolderStatus,
  MemoryHolder,
  ReclaimResult,
  RegisterHolderOptions,
} from './reclaim/holder.ts';
export {
  enforceHolderBudget,
  heldBytes,
  holderBudgetBytes,
  listHolders,
  reclaim,
  registerHolder,
  setHolderBudget,
} from './reclaim/holder-registry.ts';
export { forgetProcessWide, peekProcessWide, processWide } from './registry.ts';
export type { MemoryTrend, SeriesTrend, TrendSeries, TrendVerdict } from './trend/memory-trend.ts';
export { offerWorkerRoom, plannedWorkerRoom, type WorkerRoom } from './worker-room.ts';
