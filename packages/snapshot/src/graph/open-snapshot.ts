import { SnapshotError } from '../errors.ts';
import { type SnapshotHeader, readHeader } from '../format/header.ts';
import { type SnapshotFile, type SnapshotInput, openSnapshotFile } from '../input/snapshot-file.ts';
import { computeDistances } from './distances.ts';
import { computeDominators } from './dominators.ts';
import { HeapGraph } from './heap-graph.ts';
import { markPageNodes } from './page-flags.ts';
import { readColumns } from './read-columns.ts';
import { release } from './release.ts';
import { foldOwnedSizes } from './shallow-sizes.ts';

/** A step of reading, for a progress line: reading a gigabyte takes about ten seconds. */
export type SnapshotStep = 'strings' | 'nodes' | 'edges' | 'sizes' | 'dominators' | 'distances' | 'done';

/** Options of {@link openSnapshot}. */
export interface OpenSnapshotOptions {
  /** Most bytes of memory the analysis may need; above, the snapshot is refused before anything is read. @default no bound */
  readonly maxMemoryBytes?: number;
  /** Where gzip and streams are unpacked to. @default the system's temporary folder */
  readonly spoolDir?: string;
  /** Called before each step. */
  readonly onStep?: (step: SnapshotStep, header: SnapshotHeader, fileBytes: number) => void;
}

/** What reading a snapshot costs, known from its header alone. */
export interface SnapshotNeed {
  /** Objects in the snapshot. */
  readonly nodeCount: number;
  /** References in the snapshot. */
  readonly edgeCount: number;
  /** Bytes of the (unpacked) file. */
  readonly fileBytes: number;
  /** Resident bytes at the peak. */
  readonly peakBytes: number;
}

/** Peak per node, per edge and flat, as `pnpm bench snapshot` measures them. */
const need = { bytesPerNode: 29, bytesPerEdge: 8, flatBytes: 96 * 1024 * 1024 } as const;

/** Says what {@link openSnapshot} would need for a header's counts. */
export function predictNeed(header: SnapshotHeader, fileBytes: number): SnapshotNeed {
  const { nodeCount, edgeCount } = header;
  const columns = nodeCount * need.bytesPerNode + edgeCount * need.bytesPerEdge;
  return { nodeCount, edgeCount, fileBytes, peakBytes: columns + need.flatBytes };
}

/**
 * Reads a heap snapshot of any size: a path (plain or gzip) or a stream. Dispose the graph to close its file.
 * @throws ERR_SNAPSHOT_INPUT, ERR_SNAPSHOT_FORMAT, ERR_SNAPSHOT_TRUNCATED, ERR_SNAPSHOT_TOO_LARGE
 */
export async function openSnapshot(
  input: SnapshotInput,
  options: OpenSnapshotOptions = {},
): Promise<HeapGraph> {
  const file = await openSnapshotFile(input, options.spoolDir);
  try {
    return readGraph(file, options);
  } catch (error) {
    file[Symbol.dispose]();
    throw error;
  }
}

/** Reads only the header of a snapshot and says what reading all of it would need. */
export async function measureNeed(input: SnapshotInput, spoolDir?: string): Promise<SnapshotNeed> {
  using file = await openSnapshotFile(input, spoolDir);
  return predictNeed(readHeader(file), file.sizeBytes);
}

function readGraph(file: SnapshotFile, options: OpenSnapshotOptions): HeapGraph {
  const header = readHeader(file);
  refuseWhenTooLarge(header, file, options.maxMemoryBytes ?? Number.POSITIVE_INFINITY);
  const step = (name: SnapshotStep): void => options.onStep?.(name, header, file.sizeBytes);
  const { strings, nodes, edges: edgeColumns, shape, documentTrees } = readColumns(file, header, step);
  release(nodes.ids);
  step('sizes');
  markPageNodes(shape, documentTrees);
  foldOwnedSizes(shape, {
    names: nodes.names,
    selfSizes: nodes.selfSizes,
    externalStringName: strings.indexOf('system / ExternalStringData'),
    documentTrees,
  });
  step('dominators');
  const tree = computeDominators(shape, nodes.selfSizes);
  step('distances');
  const { distances, parentEdges } = computeDistances(shape, documentTrees, edgeColumns.weakEntries);
  step('done');
  return new HeapGraph({
    file,
    header,
    strings,
    types: nodes.types,
    names: nodes.names,
    selfSizes: nodes.selfSizes,
    firstEdges: nodes.firstEdges,
    edges: edgeColumns.edges,
    dominators: tree.dominators,
    retainedSizes: tree.retainedSizes,
    distances,
    parentEdges,
    shapes: edgeColumns.shapes,
    nodeReader: nodes.reader,
    edgeReader: edgeColumns.reader,
    edgesEndOffset: edgeColumns.endOffset,
  });
}

function refuseWhenTooLarge(header: SnapshotHeader, file: SnapshotFile, maxMemoryBytes: number): void {
  const { peakBytes } = predictNeed(header, file.sizeBytes);
  if (peakBytes <= maxMemoryBytes) return;
  const mib = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20)} MiB`;
  throw new SnapshotError(
    'ERR_SNAPSHOT_TOO_LARGE',
    `reading ${header.nodeCount} objects and ${header.edgeCount} references needs ${mib(peakBytes)} of memory and ${mib(maxMemoryBytes)} are allowed; use a machine with more memory or an earlier, smaller snapshot`,
    { details: { peakBytes, maxMemoryBytes } },
  );
}
