// `@plimsoll/memory/holders`: what something that holds memory needs, and how it checks its options, without what reads and decides. A package that only registers holders imports this and
// costs a start a third of the whole.
export { formatBytes, gib, kib, mib, parseByteSize, requireBytes } from './byte-size.ts';
export { type Deadline, isThenable, withDeadline } from './deadline.ts';
export {
  type ErrorCode,
  errorCodes,
  type ErrorDetails,
  isPlimsollError,
  messageOf,
  PlimsollError,
  type PlimsollErrorOptions,
} from './errors.ts';
export { type Journal, journal, type JournalEntry, type JournalSink } from './journal/journal.ts';
export {
  countRange,
  durationRange,
  type NumberRange,
  requireCount,
  requireFunction,
  requireWord,
  withDefaults,
} from './options/require-option.ts';
export {
  onPressure,
  pressureChannelName,
  type PressureEvent,
  type PressureLevel,
  pressureLevel,
  pressureLevels,
  type PressureListener,
} from './pressure/level.ts';
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
export { offerWorkerRoom, plannedWorkerRoom, type WorkerRoom } from './worker-room.ts';
