import type { HeapGraph } from '../graph/heap-graph.ts';
import type { ClassSummary } from './classes.ts';
import { type ClosureGroup, findClosureGroups } from './closure-sites.ts';
import { type RealmSummary, findRealms } from './contexts.ts';
import { type BigDominator, findBigDominators } from './dominators.ts';
import { type DuplicateStrings, findDuplicateStrings } from './duplicate-strings.ts';
import { type ListenerGroup, findListeners } from './listeners.ts';
import { type NativeSummary, summarizeNative } from './native.ts';
import { type RoomyStore, findRoomyStores } from './roomy-stores.ts';
import { type FindSuspectsOptions, type Suspect, checkSuspectOptions } from './suspect.ts';
import { SuspectSearch } from './suspects.ts';

/** Every answer about one snapshot, as plain values. */
export interface SnapshotAnalysis {
  /** Bytes of the whole heap. */
  readonly heapBytes: number;
  readonly nodeCount: number;
  readonly edgeCount: number;
  /** Bytes of the (unpacked) file. */
  readonly fileBytes: number;
  readonly suspects: readonly Suspect[];
  /** Largest retained size first. */
  readonly classes: readonly ClassSummary[];
  readonly dominators: readonly BigDominator[];
  readonly duplicateStrings: DuplicateStrings;
  readonly roomyStores: readonly RoomyStore[];
  readonly listeners: readonly ListenerGroup[];
  readonly closures: readonly ClosureGroup[];
  readonly realms: readonly RealmSummary[];
  readonly native: NativeSummary;
}

/** Most classes an analysis lists. */
const maxClasses = 60;

/** Options of {@link analyzeGraph}. */
export interface AnalyzeOptions extends FindSuspectsOptions {
  /** Shows the beginning of duplicated texts, which may be a customer's. @default false */
  readonly hasTexts?: boolean;
}

/** Answers everything about one snapshot. */
export function analyzeGraph(graph: HeapGraph, options: AnalyzeOptions = {}): SnapshotAnalysis {
  const search = new SuspectSearch(graph, checkSuspectOptions(options));
  const { places } = search;
  return {
    heapBytes: graph.totalBytes,
    nodeCount: graph.nodeCount,
    edgeCount: graph.edgeCount,
    fileBytes: graph.file.sizeBytes,
    suspects: search.suspects(),
    classes: search.classes.list.slice(0, maxClasses),
    dominators: findBigDominators(graph, places),
    duplicateStrings: findDuplicateStrings(graph, options.hasTexts ?? false),
    roomyStores: findRoomyStores(graph, places),
    listeners: findListeners(graph),
    closures: findClosureGroups(graph, places),
    realms: findRealms(graph, places),
    native: summarizeNative(graph, places),
  };
}
