import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Finding } from '@plimsoll/inspect';
import { type MemorySample, PlimsollError, type PressureLevel } from '@plimsoll/memory';
import type { IsolateRow } from '../isolates/isolate-words.ts';
import type { ThreadIdentity } from '../isolates/thread-identity.ts';
import type { NeighbourReport } from '../neighbours/neighbour-watch.ts';
import type { InFlightReport } from '../in-flight/in-flight-request.ts';
import type { TriggerName } from './incident-name.ts';

/** The version of `incident.json`; raised when a member changes its meaning or goes. Members may be added at any time. */
export const incidentSchemaVersion = 1;

/** The file that makes a folder an incident. */
export const incidentFileName = 'incident.json';

/** One file of an incident folder. */
export interface IncidentFile {
  readonly name: string;
  readonly fileBytes: number;
  /** What it holds, for a person. */
  readonly content: string;
}

/** A line of source code that live memory came from. Names from source code only. */
export interface IncidentSite {
  readonly functionName: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly liveBytes: number;
  /** Share of all live bytes the profile saw, 0..1. */
  readonly shareRatio: number;
  /** `application`, `dependency` or `node`. */
  readonly kind: string;
}

/** A rung of the ladder that was taken. */
export interface IncidentCapture {
  readonly atMs: number;
  readonly rung: 'profile' | 'autopsy' | 'snapshot';
  readonly file: string;
  readonly fileBytes: number;
  /** How long the service stood still for it. */
  readonly pauseMs: number;
  /** What was predicted and measured, in bytes, milliseconds and counts. */
  readonly numbers: Readonly<Record<string, number>>;
  /** For a snapshot: `pending` until every node and edge has been counted against the header. */
  readonly check: 'pending' | 'whole';
}

/** A rung of the ladder that was not taken, and why. */
export interface IncidentRefusal {
  readonly atMs: number;
  readonly rung: 'profile' | 'snapshot';
  /** Sentences with numbers. */
  readonly reasons: readonly string[];
  readonly numbers: Readonly<Record<string, number>>;
}

/** How the process ended, told by itself or by the next start. */
export interface IncidentEnding {
  readonly atMs: number;
  /** `JavaScript heap out of memory: V8 reached …` */
  readonly sentence: string;
  /** The exit code; 134 is what V8's own death shows, 139 as PID 1. Null when the process could not tell, most often 137, the kernel's; and when a worker ended alone. */
  readonly exitCode: number | null;
}

/** One thing that the evidence names. */
export interface IncidentFinding {
  /** `container`: a variable that holds it. `allocation-site`: the line that allocated it. `handle-site`: the line that allocated the handles of memory outside the heap. The others have no line. */
  readonly kind:
    | 'container'
    | 'allocation-site'
    | 'handle-site'
    | 'external'
    | 'native'
    | 'worker'
    | 'other-processes'
    | 'request';
  /** Variable, function, or what it is. */
  readonly name: string;
  /** Empty when there is none. */
  readonly file: string;
  /** From 1; 0 when there is none. */
  readonly line: number;
  readonly column: number;
  /** Entries of a container; 0 for the others. */
  readonly count: number;
  readonly bytes: number;
  /** 0..1: how much of the memory it explains. */
  readonly confidence: number;
  /** What it was found by. */
  readonly rung: 'autopsy' | 'profile' | 'sample' | 'requests';
}

/** What `incident.json` holds. Nothing but names from source code, counts, sizes and times. */
export interface IncidentRecord {
  readonly schemaVersion: typeof incidentSchemaVersion;
  /** The folder's name. */
  readonly id: string;
  readonly trigger: {
    readonly name: TriggerName;
    /** Why, in one sentence with numbers. */
    readonly sentence: string;
    readonly atMs: number;
  };
  /** What holds the memory, in one sentence; it begins with `Unknown` where the evidence names nothing. */
  readonly cause: string;
  /** Everything the evidence names, with where, how much and how sure. */
  readonly findings: readonly IncidentFinding[];
  /** What else fired while the incident was open, each trigger once, oldest first. */
  readonly laterTriggers?: readonly IncidentRecord['trigger'][];
  /** The requests that were in flight: when it opened, or when memory in use was highest since. Absent where there was none. */
  readonly requests?: InFlightReport;
  /** When this file was last written. */
  readonly updatedAtMs: number;
  readonly process: {
    readonly pid: number;
    readonly bootId: string;
    readonly hostName: string;
    readonly nodeVersion: string;
    readonly v8Version: string;
    readonly platform: string;
    readonly arch: string;
    readonly startedAtMs: number;
    readonly cpuQuotaCores: number;
    /** The worker thread whose heap this is about; absent for the main thread. The folder then carries a boot id of the thread's own. */
    readonly thread?: ThreadIdentity;
  };
  readonly limit: {
    readonly limitBytes: number;
    readonly source: string;
    readonly origin: string;
    /** V8's own limit in force. */
    readonly heapLimitBytes: number;
    /** The old space a plan for this limit would give; undefined when no heap fits. */
    readonly plannedOldSpaceBytes?: number;
  };
  /** The deepest level reached while this incident was open. */
  readonly deepestLevel: PressureLevel;
  /** What the trigger saw. */
  readonly atTrigger: MemorySample;
  /** What was seen last. */
  readonly latest: MemorySample;
  /** The trend at the last writing: numbers by series. */
  readonly trend: Readonly<Record<string, unknown>>;
  /** The lines of source code that hold the most live bytes, largest first; empty when none is known. */
  readonly sites: readonly IncidentSite[];
  /** What the bytes of `sites` are: objects of the heap, or only the small handles of memory outside it (a Buffer's handle is 200 bytes, whatever it holds). */
  readonly sitesOf: 'heap' | 'handles';
  /** Which variable of the program holds what grew; absent until an autopsy was made. All of it is in autopsy.json. */
  readonly autopsy?: {
    readonly atMs: number;
    readonly sentence: string;
    readonly findings: readonly Finding[];
  };
  /** The end at V8's heap limit, or as the next start found it; absent while the process lives. */
  readonly ending?: IncidentEnding;
  /** The guarded worker threads, the largest heap first; absent where there is none. */
  readonly workers?: readonly IsolateRow[];
  /** The other processes of the control group, when memory in use was highest; absent where there is none. */
  readonly neighbours?: NeighbourReport;
  /** What registered holders keep, largest first. */
  readonly holders: readonly { readonly name: string; readonly bytes: number }[];
  readonly captures: readonly IncidentCapture[];
  readonly refusals: readonly IncidentRefusal[];
  readonly files: readonly IncidentFile[];
}

/**
 * Reads the incident in `folder` and checks that what it names is there.
 * @throws ERR_PLIMSOLL_FORMAT when the folder holds no incident of a schema this version knows, or a file of it is missing or empty.
 */
export function readIncident(folder: string): IncidentRecord {
  const path = join(folder, incidentFileName);
  let record: IncidentRecord;
  try {
    record = JSON.parse(readFileSync(path, 'utf8')) as IncidentRecord;
  } catch (cause) {
    throw new PlimsollError(
      'ERR_PLIMSOLL_FORMAT',
      `${path} cannot be read as JSON; give the folder of one incident.`,
      { cause, details: { path } },
    );
  }
  const { schemaVersion }: { readonly schemaVersion: unknown } = record;
  if (schemaVersion !== incidentSchemaVersion) {
    throw new PlimsollError(
      'ERR_PLIMSOLL_FORMAT',
      `${path} has schemaVersion ${String(schemaVersion)}; this version reads ${String(incidentSchemaVersion)}. Use the version of Plimsoll that wrote it.`,
      { details: { path } },
    );
  }
  for (const { name } of record.files) {
    const fileBytes = statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0;
    if (fileBytes > 0) continue;
    throw new PlimsollError('ERR_PLIMSOLL_FORMAT', `${join(folder, name)} is missing or empty.`, {
      details: { folder, name },
    });
  }
  return record;
}
