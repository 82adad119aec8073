// What the control channel answers, as far as the commands use it; docs/control.md has all of it. A number that is not finite comes as null.
import type { MemorySample } from '@plimsoll/memory';

/** One sample of memory. */
export type MemoryNumbers = Pick<
  MemorySample,
  | 'limitBytes'
  | 'workingSetBytes'
  | 'headroomBytes'
  | 'rssBytes'
  | 'heapUsedBytes'
  | 'heapCommittedBytes'
  | 'heapLimitBytes'
  | 'externalBytes'
  | 'otherNativeBytes'
  | 'otherProcessesBytes'
>;

/** Answer to `sample`. */
export interface SampleAnswer {
  readonly identity: { readonly pid: number; readonly hostName: string; readonly startedAtMs: number };
  readonly nodeVersion: string;
  readonly limit: { readonly limitBytes: number; readonly source: string; readonly origin: string };
  readonly level: string;
  readonly isHeapContained: boolean;
  /** Share of the limit at which an incident opens. */
  readonly triggerRatio: number;
  readonly sample: MemoryNumbers;
  readonly trend: {
    readonly series: string;
    readonly verdict: string;
    readonly slopeBytesPerSecond: number | null;
    readonly timeToLimitMs: number | null;
    readonly floorBytes: number;
  };
  readonly heldBytes: number;
  readonly largestHolder: { readonly name: string; readonly bytes: number } | null;
  readonly incidents: readonly string[];
  readonly offReasons: readonly string[];
}

/** What a heap snapshot would come to. */
export interface SnapshotAnswer {
  readonly affordable: boolean;
  readonly reasons: readonly string[];
  readonly numbers: Readonly<Record<string, number>>;
  readonly affordableToHeapBytes: number;
}

/** Answer to `explain`. */
export interface ExplainAnswer {
  readonly triggers: readonly {
    readonly trigger: string;
    readonly fires: boolean;
    readonly sentence: string;
  }[];
  readonly cooldown: { readonly cooldownMs: number; readonly leftMs: number };
  readonly hasOpenIncident: boolean;
  readonly snapshot: SnapshotAnswer | null;
}

/** One decision of the journal. */
export interface JournalLine {
  readonly atMs: number;
  readonly part: string;
  readonly event: string;
  readonly numbers: Readonly<Record<string, number | string | boolean | null>>;
}

/** Answer to `capture`. */
export interface CaptureAnswer {
  readonly folder?: string;
  readonly files: readonly string[];
  readonly refusals: readonly string[];
  readonly tookMs: number;
}
