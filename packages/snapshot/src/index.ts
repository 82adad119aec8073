export {
  isSnapshotError,
  SnapshotError,
  type SnapshotErrorCode,
  snapshotErrorCodes,
  type SnapshotErrorDetails,
} from './errors.ts';
export type { SnapshotHeader } from './format/header.ts';
export { HeapGraph } from './graph/heap-graph.ts';
export { edgeKindName, edgeKinds, nodeKindName, nodeKinds } from './graph/kinds.ts';
export {
  measureNeed,
  openSnapshot,
  type OpenSnapshotOptions,
  predictNeed,
  type SnapshotNeed,
  type SnapshotStep,
} from './graph/open-snapshot.ts';
export type { SnapshotInput } from './input/snapshot-file.ts';
export { type ClassSummary, type ClassTable, summarizeClasses } from './answers/classes.ts';
export type { PathStep, Place } from './answers/place.ts';
export type { Site } from './answers/sites.ts';
export {
  type FindSuspectsOptions,
  type Growth,
  type Holder,
  type Suspect,
  suspectDefaults,
  type SuspectKind,
} from './answers/suspect.ts';
export { findSuspects } from './answers/suspects.ts';
export type { ClearReason } from './redact/masking.ts';
export { type RedactOptions, type RedactReport, redactSnapshot } from './redact/redact.ts';
export {
  type ClassGrowth,
  diffDefaults,
  type DiffOptions,
  diffSnapshots,
  type GrowingContainer,
  type SnapshotDiff,
} from './diff/diff.ts';
export { analyzeGraph, type AnalyzeOptions, type SnapshotAnalysis } from './answers/analysis.ts';
export type { ClosureGroup } from './answers/closure-sites.ts';
export type { RealmSummary } from './answers/contexts.ts';
export type { BigDominator } from './answers/dominators.ts';
export type { DuplicateString, DuplicateStrings } from './answers/duplicate-strings.ts';
export type { ListenerGroup } from './answers/listeners.ts';
export type { NativeBlock, NativeGroup, NativeSummary } from './answers/native.ts';
export type { RoomyStore } from './answers/roomy-stores.ts';
export { printAnalysis, printDiff, type PrintForm } from './report/print.ts';
export type { FlameFrame } from './report/incident/allocation-flame.ts';
export type { CensusContainer, CensusSummary } from './report/incident/census.ts';
export {
  type Decision,
  type IncidentFacts,
  type IncidentSite,
  listSnapshots,
  type TimelinePoint,
} from './report/incident/incident-files.ts';
export {
  type IncidentReport,
  readReport,
  type ReadReportOptions,
} from './report/incident/incident-report.ts';
export { type ReportForm, renderReport } from './report/render.ts';
export type { TreemapTile } from './report/treemap.ts';
