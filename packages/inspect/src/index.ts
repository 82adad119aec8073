export { type Autopsy, type AutopsyOptions, performAutopsy } from './autopsy/autopsy.ts';
export type { Finding } from './autopsy/finding.ts';
export type { DeclarationPlace } from './autopsy/source-text.ts';
export { type Census, type CensusOptions, keptCensuses, takeCensus } from './autopsy/census.ts';
export {
  type CensusClass,
  type CensusEntry,
  type CensusGrowth,
  type CensusReport,
  reportCensuses,
} from './autopsy/census-report.ts';
export type { ClassCount } from './autopsy/class-tally.ts';
export type { Container, ContainerKind, PathStep } from './autopsy/container.ts';
export {
  type FullCensus,
  type FullCensusCost,
  type FullCensusRefusal,
  type FullCensusTerms,
  predictFullCensusCost,
  takeFullCensus,
} from './autopsy/full-census.ts';
export { type Inspector, type InspectorListener, openInspector } from './inspector/inspector.ts';
export {
  armingDefaults,
  type ArmingObservation,
  ArmingRule,
  type ArmingThresholds,
  type ArmingWish,
} from './near-limit/arming-rule.ts';
export { endThread, shownExitCode } from './near-limit/last-exit.ts';
export {
  followWorkers,
  liveWorkerCount,
  type WorkerEnd,
  type WorkerEndListener,
} from './near-limit/live-workers.ts';
export {
  armNearLimit,
  type ArmResult,
  checkNearLimit,
  disarmNearLimit,
  isNearLimitArmed,
  runBesideNearLimit,
} from './near-limit/near-limit-hook.ts';
export {
  NearLimitWatch,
  nearLimitWatchDefaults,
  type NearLimitWatchOptions,
} from './near-limit/near-limit-watch.ts';
export {
  type NearLimitContext,
  type NearLimitDecision,
  type NearLimitPolicy,
  onNearLimit,
} from './near-limit/near-limit-policy.ts';
export type { PausedFrame, PausedScope } from './near-limit/paused-frame.ts';
export { isPeerInstalled, requirePeer } from './native/optional-peer.ts';
export { mallocTrim, type MallocTrim, type TrimResult } from './native/malloc-trim.ts';
export {
  type AllocationProfile,
  allocationSamplingDefaults,
  type AllocationSamplingOptions,
  readAllocationProfile,
  startAllocationSampling,
  stopAllocationSampling,
} from './profile/allocation-sampling.ts';
export { collectHeap } from './profile/collect-heap.ts';
export { giveBackHeap } from './profile/give-back-heap.ts';
export { type AllocationSite, type AllocationSites, findAllocationSites } from './profile/allocation-site.ts';
export {
  type HeapProfile,
  type HeapProfileFrame,
  type HeapProfileNode,
  type HeapProfileSample,
  writeHeapProfile,
} from './profile/heap-profile.ts';
export { type Sentinel, type SentinelOptions, startSentinel } from './sentinel/sentinel.ts';
export { type HeapShape, readHeapShape } from './snapshot/heap-shape.ts';
export { type SnapshotCheck, verifyHeapSnapshot } from './snapshot/snapshot-check.ts';
export { predictSnapshotCost, type SnapshotCost } from './snapshot/snapshot-cost.ts';
export {
  judgeSnapshot,
  type JudgeSnapshotOptions,
  type SnapshotVerdict,
} from './snapshot/snapshot-verdict.ts';
export {
  type SnapshotFileWriter,
  type SnapshotResult,
  writeHeapSnapshot,
} from './snapshot/snapshot-writer.ts';
export { locateScript, type ScriptKind, type ScriptLocation } from './source/script-location.ts';
