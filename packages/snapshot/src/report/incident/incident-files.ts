import { readFileSync, readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';

import { SnapshotError } from '../../errors.ts';

/** What the report takes from `incident.json`. Everything is optional: an incident cut short is worth a page too. */
export interface IncidentFacts {
  readonly id: string;
  readonly sentence: string;
  /** What the autopsy named, in one sentence; empty when none was made. */
  readonly autopsy: string;
  /** Milliseconds since the epoch; 0 when unknown. */
  readonly openedAtMs: number;
  readonly deepestLevel: string;
  /** The limit in force, and where it came from. */
  readonly limitBytes: number;
  readonly limitOrigin: string;
  readonly heapLimitBytes: number;
  /** Process, host and versions in one line. */
  readonly process: string;
  /** Lines of source code that hold the most live memory. */
  readonly sites: readonly IncidentSite[];
}

/** A line of source code with the live bytes that were allocated there. */
export interface IncidentSite {
  readonly functionName: string;
  readonly file: string;
  readonly line: number;
  readonly liveBytes: number;
  /** Of all live bytes, 0 to 1. */
  readonly shareRatio: number;
}

/** One line of `journal.ndjson`. */
export interface Decision {
  readonly atMs: number;
  readonly part: string;
  readonly event: string;
  readonly numbers: Readonly<Record<string, unknown>>;
}

/** One row of `timeline.csv`, sizes in bytes. */
export interface TimelinePoint {
  readonly atMs: number;
  readonly level: string;
  readonly limitBytes: number;
  readonly workingSetBytes: number;
  readonly heapUsedBytes: number;
  readonly heapLimitBytes: number;
  readonly externalBytes: number;
}

/** What lies in an incident folder, read but not interpreted. */
export interface IncidentFiles {
  readonly folder: string;
  readonly facts?: IncidentFacts;
  readonly decisions: readonly Decision[];
  readonly timeline: readonly TimelinePoint[];
  /** The parsed `allocation.heapprofile`. */
  readonly profile?: unknown;
  /** The parsed `census.json`. */
  readonly census?: unknown;
  /** Paths, oldest first. */
  readonly snapshots: readonly string[];
  /** One sentence for each file that should be there and could not be read. */
  readonly notes: readonly string[];
}

/** The heap snapshots in a folder, oldest first by their number or name. */
export function listSnapshots(folder: string): string[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SnapshotError('ERR_SNAPSHOT_INPUT', `cannot read the incident folder ${folder}: ${reason}`, {
      cause,
    });
  }
  return names
    .filter((name) => /\.heapsnapshot(\.gz)?$/.test(name))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    .map((name) => join(folder, name));
}

/**
 * Reads an incident folder. What is missing or damaged becomes a note, never a failure.
 * @throws ERR_SNAPSHOT_INPUT when the folder itself cannot be read
 */
export function readIncidentFiles(folder: string): IncidentFiles {
  const snapshots = listSnapshots(folder);
  const notes: string[] = [];
  const read = <T>(name: string, parse: (text: string) => T): T | undefined => {
    const path = join(folder, name);
    if (statSync(path, { throwIfNoEntry: false }) === undefined) return undefined;
    try {
      return parse(readFileSync(path, 'utf8'));
    } catch (error) {
      notes.push(`${name} could not be read: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    }
  };
  const facts = read('incident.json', (text) =>
    parseFacts(JSON.parse(text) as RawIncident, basename(folder)),
  );
  const profile = read('allocation.heapprofile', (text) => JSON.parse(text) as unknown);
  const census = read('census.json', (text) => JSON.parse(text) as unknown);
  return {
    folder,
    ...(facts === undefined ? {} : { facts }),
    ...(profile === undefined ? {} : { profile }),
    ...(census === undefined ? {} : { census }),
    decisions: read('journal.ndjson', parseJournal) ?? [],
    timeline: read('timeline.csv', parseTimeline) ?? [],
    snapshots,
    notes,
  };
}

interface RawIncident {
  readonly id?: string;
  readonly trigger?: { readonly sentence?: string; readonly atMs?: number };
  readonly process?: { readonly pid?: number; readonly hostName?: string; readonly nodeVersion?: string };
  readonly limit?: {
    readonly limitBytes?: number;
    readonly origin?: string;
    readonly heapLimitBytes?: number;
  };
  readonly deepestLevel?: string;
  readonly autopsy?: { readonly sentence?: string };
  readonly sites?: readonly Partial<IncidentSite>[];
}

function parseFacts(raw: RawIncident, folderName: string): IncidentFacts {
  const { process: runner, limit, trigger } = raw;
  return {
    id: raw.id ?? folderName,
    sentence: trigger?.sentence ?? '',
    autopsy: raw.autopsy?.sentence ?? '',
    openedAtMs: trigger?.atMs ?? 0,
    deepestLevel: raw.deepestLevel ?? '',
    limitBytes: limit?.limitBytes ?? 0,
    limitOrigin: limit?.origin ?? '',
    heapLimitBytes: limit?.heapLimitBytes ?? 0,
    process:
      runner === undefined
        ? ''
        : `process ${runner.pid} on ${runner.hostName}, Node.js ${runner.nodeVersion}`,
    sites: (raw.sites ?? []).map((site) => ({
      functionName: site.functionName ?? '',
      file: site.file ?? '',
      line: site.line ?? 0,
      liveBytes: site.liveBytes ?? 0,
      shareRatio: site.shareRatio ?? 0,
    })),
  };
}

function parseJournal(text: string): Decision[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.flatMap((line, at) => {
    try {
      const { atMs, part, event, numbers } = JSON.parse(line) as Partial<Decision>;
      return [{ atMs: atMs ?? 0, part: part ?? '', event: event ?? '', numbers: numbers ?? {} }];
    } catch (error) {
      // The last line of a process that died while writing may be half a line; any other is a fault worth a note.
      if (at === lines.length - 1) return [];
      throw error;
    }
  });
}

function parseTimeline(text: string): TimelinePoint[] {
  const [head = '', ...lines] = text.split('\n').filter((line) => line !== '');
  const columns = head.split(',');
  const at = (name: string): number => columns.indexOf(name);
  const [time, level] = [at('time'), at('level')];
  const number = (cells: readonly string[], name: string): number => Number(cells[at(name)] ?? 0) || 0;
  return lines
    .map((line) => line.split(','))
    .filter((cells) => cells.length === columns.length)
    .map((cells) => ({
      atMs: Date.parse(cells[time]),
      level: cells[level] ?? '',
      limitBytes: number(cells, 'limitBytes'),
      workingSetBytes: number(cells, 'workingSetBytes'),
      heapUsedBytes: number(cells, 'heapUsedBytes'),
      heapLimitBytes: number(cells, 'heapLimitBytes'),
      externalBytes: number(cells, 'externalBytes'),
    }))
    .filter((point) => Number.isFinite(point.atMs));
}
