import { basename } from 'node:path';

import { type SnapshotAnalysis, analyzeGraph } from '../../answers/analysis.ts';
import type { Suspect } from '../../answers/suspect.ts';
import { type SnapshotDiff, diffSnapshots } from '../../diff/diff.ts';
import { isSnapshotError } from '../../errors.ts';
import { openSnapshot } from '../../graph/open-snapshot.ts';
import { type TreemapTile, buildTreemap } from '../treemap.ts';
import { type FlameFrame, readAllocationFlame } from './allocation-flame.ts';
import { type CensusSummary, readCensus } from './census.ts';
import {
  type Decision,
  type IncidentFacts,
  type TimelinePoint,
  readIncidentFiles,
} from './incident-files.ts';

/** Everything a page about an incident shows, as plain values. */
export interface IncidentReport {
  /** Name of the folder. */
  readonly name: string;
  readonly facts?: IncidentFacts;
  readonly timeline: readonly TimelinePoint[];
  readonly decisions: readonly Decision[];
  /** From the comparison of snapshots where there are several, else from the only one. */
  readonly suspects: readonly Suspect[];
  readonly analysis?: SnapshotAnalysis;
  readonly diff?: SnapshotDiff;
  readonly treemap?: TreemapTile;
  readonly flame?: FlameFrame;
  /** What a census counted, shown when there is no snapshot. */
  readonly census?: CensusSummary;
  /** What could not be read or was left out, and why. */
  readonly notes: readonly string[];
}

/** Options of {@link readReport}. */
export interface ReadReportOptions {
  /** Snapshots that need more than this are left out, with a note. @default no bound */
  readonly maxMemoryBytes?: number;
}

/**
 * Reads an incident folder, and the snapshots in it. A damaged or too large snapshot costs its sections, not the page.
 * @throws ERR_SNAPSHOT_INPUT when the folder cannot be read
 */
export async function readReport(folder: string, options: ReadReportOptions = {}): Promise<IncidentReport> {
  const files = readIncidentFiles(folder);
  const notes = [...files.notes];
  const flame = readAllocationFlame(files.profile);
  const census = readCensus(files.census);
  const analysis = await attempt(notes, () => analyzeNewest(files.snapshots, options));
  const diff =
    files.snapshots.length < 2 || analysis === undefined
      ? undefined
      : await attempt(notes, () => diffSnapshots(files.snapshots.slice(-3), options));
  if (files.snapshots.length === 0)
    notes.push('There is no heap snapshot in this folder; the page shows what there is.');
  const grown = diff?.growing ?? [];
  return {
    name: basename(folder),
    ...(files.facts === undefined ? {} : { facts: files.facts }),
    timeline: files.timeline,
    decisions: files.decisions,
    suspects: grown.length > 0 ? grown : (analysis?.analysis.suspects ?? []),
    ...analysis,
    ...(diff === undefined ? {} : { diff }),
    ...(flame === undefined ? {} : { flame }),
    ...(census === undefined ? {} : { census }),
    notes,
  };
}

async function analyzeNewest(
  snapshots: readonly string[],
  options: ReadReportOptions,
): Promise<{ analysis: SnapshotAnalysis; treemap: TreemapTile } | undefined> {
  const newest = snapshots.at(-1);
  if (newest === undefined) return undefined;
  using graph = await openSnapshot(newest, options);
  return { analysis: analyzeGraph(graph), treemap: buildTreemap(graph) };
}

async function attempt<T>(notes: string[], work: () => Promise<T | undefined>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!isSnapshotError(error)) throw error;
    notes.push(error.message);
    return undefined;
  }
}
