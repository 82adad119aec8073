import { SnapshotError, formatFault } from '../errors.ts';
import type { SnapshotHeader } from '../format/header.ts';
import { RowReader } from '../format/row-reader.ts';
import type { SnapshotFile } from '../input/snapshot-file.ts';
import type { SizeColumn } from './heap-graph.ts';
import { kindTable, maxNodeCount, nodeKinds } from './kinds.ts';
import { NodeReader, nodesPerPage } from './node-reader.ts';
import { release } from './release.ts';

/** The nodes as columns. */
export interface NodeColumns {
  readonly types: Uint8Array;
  readonly names: Uint32Array;
  /** Kept only until the edges are read. */
  readonly ids: Uint32Array;
  readonly selfSizes: SizeColumn;
  readonly firstEdges: Uint32Array;
  readonly reader: NodeReader;
  /** Byte offset behind the nodes. */
  readonly endOffset: number;
}

/** Reads the nodes that start at `offset` (behind the opening bracket) into columns. */
export function readNodes(
  file: SnapshotFile,
  header: SnapshotHeader,
  stringCount: number,
  offset: number,
): NodeColumns {
  const { nodeCount, nodeFields } = header;
  if (nodeCount > maxNodeCount) {
    throw new SnapshotError(
      'ERR_SNAPSHOT_TOO_LARGE',
      `${nodeCount} nodes are more than the ${maxNodeCount} this reader holds`,
    );
  }
  const [type, name, id, self, edges] = ['type', 'name', 'id', 'self_size', 'edge_count'].map((field) =>
    nodeFields.indexOf(field),
  ) as [number, number, number, number, number];
  const kinds = kindTable(header.nodeTypes, nodeKinds);
  const types = new Uint8Array(nodeCount);
  const names = new Uint32Array(nodeCount);
  const ids = new Uint32Array(nodeCount);
  const firstEdges = new Uint32Array(nodeCount + 1);
  const pages = new Float64Array(Math.ceil(nodeCount / nodesPerPage));
  let selfSizes: SizeColumn = new Uint32Array(nodeCount);
  const reader = new RowReader(file, offset, nodeFields.length, 'nodes');
  const row = reader.row;
  let edgeCount = 0;
  let totalBytes = 0;
  let isWide = false;
  for (let node = 0; node < nodeCount; node++) {
    if (node % nodesPerPage === 0) pages[node / nodesPerPage] = reader.offset;
    if (!reader.next())
      throw formatFault(reader.offset, `the end after ${node} nodes`, `the ${nodeCount} nodes of the header`);
    types[node] = kinds[row[type] & 255];
    if (row[name] >= stringCount)
      throw formatFault(
        reader.offset,
        `a node named by string ${row[name]}`,
        `one of ${stringCount} strings`,
      );
    names[node] = row[name];
    ids[node] = row[id];
    firstEdges[node] = edgeCount;
    edgeCount += row[edges];
    totalBytes += row[self];
    // Sums must fit too, so the whole heap decides, not the largest object.
    if (!isWide && totalBytes > 0xffffffff) {
      isWide = true;
      const narrow: SizeColumn = selfSizes;
      selfSizes = Float64Array.from(narrow);
      release(narrow);
    }
    selfSizes[node] = row[self];
  }
  firstEdges[nodeCount] = edgeCount;
  if (reader.next())
    throw formatFault(reader.offset, 'one more node', `the end after the ${nodeCount} nodes of the header`);
  if (edgeCount !== header.edgeCount) {
    throw formatFault(
      reader.offset,
      `nodes with ${edgeCount} edges together`,
      `the ${header.edgeCount} edges of the header`,
    );
  }
  return {
    types,
    names,
    ids,
    selfSizes,
    firstEdges,
    reader: new NodeReader(file, header, pages),
    endOffset: reader.offset,
  };
}
