import { truncatedFault } from '../errors.ts';
import type { SnapshotHeader } from '../format/header.ts';
import { findSection } from '../format/sections.ts';
import { findStringsOffset, scanStrings } from '../format/string-scan.ts';
import { StringTable } from '../format/string-table.ts';
import type { SnapshotFile } from '../input/snapshot-file.ts';
import type { BitSet } from './bit-set.ts';
import { type GraphShape, findDocumentTrees } from './page-flags.ts';
import { type EdgeColumns, readEdges } from './read-edges.ts';
import { type NodeColumns, readNodes } from './read-nodes.ts';

/** Everything the file holds, as columns, before anything is computed from it. */
export interface SnapshotColumns {
  readonly strings: StringTable;
  readonly nodes: NodeColumns;
  readonly edges: EdgeColumns;
  readonly shape: GraphShape;
  readonly documentTrees: BitSet;
}

/** Reads strings, nodes and edges, in the order in which each is needed for the next. */
export function readColumns(
  file: SnapshotFile,
  header: SnapshotHeader,
  onStep: (step: 'strings' | 'nodes' | 'edges') => void,
): SnapshotColumns {
  onStep('strings');
  const stringsOffset = findStringsOffset(file);
  // A file cut before its strings is read as far as it goes, for the error to say where it ends.
  const strings = stringsOffset < 0 ? undefined : new StringTable(file, scanStrings(file, stringsOffset));
  onStep('nodes');
  const nodesOffset = findSection(file, header.endOffset, 'nodes');
  const nodes = readNodes(file, header, strings?.count ?? Number.POSITIVE_INFINITY, nodesOffset);
  const edgesOffset = findSection(file, nodes.endOffset, 'edges');
  if (strings === undefined) throw truncatedFault(file.sizeBytes, 'edges and strings');
  onStep('edges');
  const edges = readEdges(file, header, nodes, strings, edgesOffset);
  const shape: GraphShape = {
    nodeCount: header.nodeCount,
    rootNode: header.rootNode,
    types: nodes.types,
    firstEdges: nodes.firstEdges,
    edges: edges.edges,
  };
  const documentTrees = findDocumentTrees(shape, nodes.names, strings.indexOf('(Document DOM trees)'));
  return { strings, nodes, edges, shape, documentTrees };
}
