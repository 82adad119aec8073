// What the control channel answers, as far as the commands use it; docs/control.md has all of it. A number that is not finite comes as null.

/** One sample of memory. */
export interface MemoryNumbers {
  readonly limitBytes: number;
  readonly workingSetBytes: number;
  readonly headroomBytes: number;
  readonly rssBytes: number;
  readonly heapUsedBytes: number;
  readonly heapCommittedBytes: number;
  readonly heapLimitBytes: number;
  readonly externalBytes: number;
  readonly otherNativeBytes: number;
  readonly otherProcessesBytes: number;
}

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

/** Answer to `drill`. */
export interface DrillAnswer {
  readonly leakedBytes: number;
  readonly durationMs: number;
  readonly folder: string | null;
  readonly files: readonly string[];
  readonly pauseMs: number;
  readonly namedBy: { readonly profile: string | null; readonly autopsy: string | null };
  readonly refusals: readonly string[];
  readonly night: readonly string[];
}
