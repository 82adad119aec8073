import { SnapshotError } from '../errors.ts';
import { type Container, findContainers } from '../answers/containers.ts';
import { type Growth, type Suspect, suspectDefaults } from '../answers/suspect.ts';
import { type Accumulation, SuspectSearch } from '../answers/suspects.ts';
import type { HeapGraph } from '../graph/heap-graph.ts';
import { openSnapshot } from '../graph/open-snapshot.ts';
import type { SnapshotInput } from '../input/snapshot-file.ts';
import { type SnapshotOutline, readOutline } from './outline.ts';

/** A container that grew from each snapshot to the next. */
export interface GrowingContainer extends Suspect {
  /** Change from each snapshot to the next, oldest first. */
  readonly steps: readonly Growth[];
  /** Bytes that the items added since the first snapshot keep. */
  readonly addedBytes: number;
}

/** How one class changed. */
export interface ClassGrowth {
  readonly name: string;
  /** Objects in each snapshot, oldest first. */
  readonly counts: readonly number[];
  /** Bytes of the objects themselves in each snapshot, oldest first. */
  readonly selfBytes: readonly number[];
}

/** What changed between two or three snapshots of one process. */
export interface SnapshotDiff {
  /** Containers that grew at every step and lost little: the leak first. */
  readonly growing: readonly GrowingContainer[];
  /** Classes whose own bytes grew, most first. */
  readonly classes: readonly ClassGrowth[];
  /** Bytes of the whole heap in each snapshot, oldest first. */
  readonly heapBytes: readonly number[];
}

/** Options of {@link diffSnapshots}. */
export interface DiffOptions {
  /** Fewest items a container must gain at every step. @default 20 */
  readonly minAddedCount?: number;
  /** Most containers returned. @default 10 */
  readonly maxContainers?: number;
  /** Most bytes of memory the newest snapshot may need; the older ones need less. @default no bound */
  readonly maxMemoryBytes?: number;
  /** Where gzip and streams are unpacked to. @default the system's temporary folder */
  readonly spoolDir?: string;
}

/** The defaults of {@link DiffOptions}. */
export const diffDefaults: Readonly<{ minAddedCount: number; maxContainers: number }> = Object.freeze({
  minAddedCount: 20,
  maxContainers: 10,
});

/** A cache that is full loses about what it gains; a leak does not. */
const maxRemovedRatio = 0.5;
/** Growth of little number and little weight beside the largest is what a live process does anyway. */
const noise = { countRatio: 0.02, bytesRatio: 0.01 } as const;

/**
 * Compares snapshots of one process, oldest first, by the ids of objects: which containers that were there before hold the
 * newcomers. Works on small early snapshots; what grew stands out there as it does later.
 * @throws ERR_SNAPSHOT_OPTION for fewer than two snapshots, and what {@link openSnapshot} throws
 */
export async function diffSnapshots(
  inputs: readonly SnapshotInput[],
  options: DiffOptions = {},
): Promise<SnapshotDiff> {
  const settings = {
    minAddedCount: options.minAddedCount ?? diffDefaults.minAddedCount,
    maxContainers: options.maxContainers ?? diffDefaults.maxContainers,
  };
  const newest = inputs.at(-1);
  if (inputs.length < 2 || newest === undefined) {
    throw new SnapshotError(
      'ERR_SNAPSHOT_OPTION',
      `a comparison needs two or three snapshots, oldest first; given ${inputs.length}`,
    );
  }
  const { spoolDir, maxMemoryBytes } = options;
  using graph = await openSnapshot(newest, {
    ...(spoolDir === undefined ? {} : { spoolDir }),
    ...(maxMemoryBytes === undefined ? {} : { maxMemoryBytes }),
  });
  const search = new SuspectSearch(graph, { ...suspectDefaults, minItemCount: settings.minAddedCount });
  const candidates = listCandidates(graph, search, settings.minAddedCount);
  const request = {
    holders: new Map(candidates.map(({ id, found }) => [id, found.itemKind])),
    chainNames: new Set(candidates.flatMap(({ found }) => (found.kind === 'chain' ? [found.itemClass] : []))),
  };
  const outlines: SnapshotOutline[] = [];
  for (const input of inputs.slice(0, -1)) outlines.push(await readOutline(input, request, options.spoolDir));
  const measured = candidates.flatMap((candidate) =>
    measure(graph, candidate, outlines, settings.minAddedCount),
  );
  const kept = withoutNoise(measured, graph.totalBytes - outlines[0].totalBytes).slice(
    0,
    settings.maxContainers,
  );
  return {
    growing: kept.map(({ found, steps, addedBytes }) => ({
      ...search.word(found, steps.at(-1)),
      steps,
      addedBytes,
    })),
    classes: compareClasses(search, outlines),
    heapBytes: [...outlines.map((outline) => outline.totalBytes), graph.totalBytes],
  };
}

interface Candidate {
  readonly id: number;
  readonly found: Accumulation;
}

interface Measured {
  readonly found: Accumulation;
  readonly steps: readonly Growth[];
  readonly addedBytes: number;
}

function listCandidates(graph: HeapGraph, search: SuspectSearch, minItems: number): Candidate[] {
  const containers: readonly Container[] = findContainers(graph, minItems);
  const found = containers.map((container) => search.tally(container));
  for (const chain of search.chains()) found.push(search.weighChain(chain));
  found.push(...search.singles(found, 1 << 20));
  return found.map((accumulation) => ({ id: graph.id(accumulation.node), found: accumulation }));
}

function measure(
  graph: HeapGraph,
  candidate: Candidate,
  outlines: readonly SnapshotOutline[],
  minAddedCount: number,
): Measured[] {
  const { found, id } = candidate;
  if (found.kind === 'single') return measureSingle(graph, candidate, outlines);
  const now = new Map<number, number>();
  for (const item of found.items) if (graph.kind(item) === found.itemKind) now.set(graph.id(item), item);
  const snapshots: ReadonlySet<number>[] = [];
  for (const outline of outlines) {
    const items = found.kind === 'chain' ? outline.chains.get(found.itemClass) : outline.items.get(id);
    // A container younger than the first snapshot is itself an item of an older one.
    if (items === undefined && found.kind !== 'chain') return [];
    snapshots.push(new Set(items));
  }
  const current: ReadonlySet<number> = new Set(now.keys());
  const sequence = [...snapshots, current];
  const steps: Growth[] = [];
  for (let at = 1; at < sequence.length; at++) {
    const [before, after] = [sequence[at - 1], sequence[at]];
    // Only what is still there counts as added: newcomers that came and went are traffic.
    const addedCount = countWhere(after, (item) => !before.has(item) && current.has(item));
    const removedCount = countWhere(before, (item) => !after.has(item));
    if (addedCount < minAddedCount || removedCount > addedCount * maxRemovedRatio) return [];
    steps.push({ addedCount, removedCount });
  }
  let addedBytes = 0;
  for (const [item, node] of now) if (!sequence[0].has(item)) addedBytes += graph.retainedSizes[node];
  return [{ found, steps, addedBytes: Math.min(addedBytes, graph.totalBytes) }];
}

function measureSingle(
  graph: HeapGraph,
  { found, id }: Candidate,
  outlines: readonly SnapshotOutline[],
): Measured[] {
  const sizes = [...outlines.map((outline) => outline.selfBytes.get(id)), graph.selfSizes[found.node]];
  const steps: Growth[] = [];
  for (let at = 1; at < sizes.length; at++) {
    const [before, after] = [sizes[at - 1], sizes[at]];
    if (before === undefined || after === undefined || after <= before) return [];
    steps.push({ addedCount: Math.round((after - before) / 8), removedCount: 0 });
  }
  const addedBytes = (sizes.at(-1) ?? 0) - (sizes[0] ?? 0);
  return addedBytes < 1 << 20 ? [] : [{ found, steps, addedBytes }];
}

function countWhere(items: ReadonlySet<number>, isCounted: (item: number) => boolean): number {
  let count = 0;
  for (const item of items) if (isCounted(item)) count++;
  return count;
}

function withoutNoise(measured: readonly Measured[], grownBytes: number): Measured[] {
  const added = (one: Measured): number => one.steps.reduce((sum, step) => sum + step.addedCount, 0);
  const mostAdded = measured.reduce((most, one) => Math.max(most, added(one)), 0);
  const kept = measured.filter(
    (one) => added(one) >= noise.countRatio * mostAdded || one.addedBytes >= noise.bytesRatio * grownBytes,
  );
  return kept.sort((a, b) => b.addedBytes - a.addedBytes);
}

function compareClasses(search: SuspectSearch, outlines: readonly SnapshotOutline[]): ClassGrowth[] {
  const growth = search.classes.list.map((summary) => {
    const earlier = outlines.map((outline) => outline.classes.get(summary.name));
    return {
      name: summary.name,
      counts: [...earlier.map((count) => count?.count ?? 0), summary.count],
      selfBytes: [...earlier.map((count) => count?.selfBytes ?? 0), summary.selfBytes],
    };
  });
  const grown = (one: ClassGrowth): number => (one.selfBytes.at(-1) ?? 0) - one.selfBytes[0];
  return growth.filter((one) => grown(one) > 0).sort((a, b) => grown(b) - grown(a));
}
