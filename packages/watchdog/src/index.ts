export { type DeathRecord, readDeaths } from './deaths/death-log.ts';
export {
  endingChannelName,
  type EndingContext,
  type EndingEvent,
  type EndingHook,
} from './ending/ordered-ending.ts';
export type { DrillReport } from './control/drill.ts';
export type { CaptureOutcome, Guard } from './guard/guard.ts';
export type {
  GuardOptions,
  HeapGrower,
  HeapGrowthTerms,
  HeapPlanner,
  HeapPolicies,
  PlannedHeap,
} from './guard/guard-options.ts';
export { start, startFromEnvironment } from './guard/start.ts';
export {
  type IncidentName,
  parseIncidentName,
  type TriggerName,
  triggerNames,
} from './incident/incident-name.ts';
export {
  type IncidentCapture,
  type IncidentEnding,
  type IncidentFile,
  type IncidentFinding,
  type IncidentRecord,
  type IncidentRefusal,
  incidentSchemaVersion,
  type IncidentSite,
  readIncident,
} from './incident/incident-record.ts';
export { defaultIncidentDir, listIncidents, type StoredIncident } from './incident/incident-store.ts';
export { type IncidentVerdict, verifyIncident } from './incident/verify-incident.ts';
export type { IsolateRow } from './isolates/isolate-words.ts';
export type { ThreadIdentity } from './isolates/thread-identity.ts';
export type { NeighbourReport, NeighbourRow } from './neighbours/neighbour-watch.ts';
export type { InFlightReport, InFlightRequest } from './in-flight/in-flight-request.ts';
export { nameRoute } from './in-flight/route-template.ts';
export type { TimelineRecord } from './timeline/timeline-record.ts';
export { type RunStatus } from './run/run-folder.ts';
export { readTimeline } from './timeline/timeline-ring.ts';
