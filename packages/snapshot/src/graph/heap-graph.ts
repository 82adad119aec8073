import type { SnapshotHeader } from '../format/header.ts';
import type { StringTable } from '../format/string-table.ts';
import type { SnapshotFile } from '../input/snapshot-file.ts';
import { className } from './class-name.ts';
import type { EdgeReader } from './edge-reader.ts';
import { edgeKinds, kindMask, targetBits, targetMask } from './kinds.ts';
import type { NodeReader } from './node-reader.ts';
import type { ObjectShapes } from './object-shapes.ts';

/** Sizes in bytes: 32-bit while the whole heap fits, 64-bit floats above. */
export type SizeColumn = Uint32Array | Float64Array;

/** What a {@link HeapGraph} is made of. Columns are indexed by node or edge; nothing is an object per node. */
export interface GraphParts {
  readonly file: SnapshotFile;
  readonly header: SnapshotHeader;
  readonly strings: StringTable;
  readonly types: Uint8Array;
  readonly names: Uint32Array;
  readonly selfSizes: SizeColumn;
  readonly firstEdges: Uint32Array;
  readonly edges: Uint32Array;
  readonly dominators: Uint32Array;
  readonly retainedSizes: SizeColumn;
  readonly distances: Int32Array;
  readonly parentEdges: Uint32Array;
  readonly shapes: ObjectShapes;
  readonly nodeReader: NodeReader;
  readonly edgeReader: EdgeReader;
  /** Byte offset behind the edges, where optional sections may follow. */
  readonly edgesEndOffset: number;
}

/** A snapshot in memory: objects (nodes), references (edges), who dominates whom and how much each object keeps alive. */
export class HeapGraph {
  /** How many objects there are. */
  readonly nodeCount: number;
  /** How many references there are. */
  readonly edgeCount: number;
  /** The root node. */
  readonly rootNode: number;
  /** Bytes of the whole heap: what the root retains. */
  readonly totalBytes: number;
  /** Kind and flags of each node. @see nodeKinds */
  readonly types: Uint8Array;
  /** Bytes of each node itself, hidden parts folded into their only owner as Chrome DevTools does. */
  readonly selfSizes: SizeColumn;
  /** Bytes that would go with each node. */
  readonly retainedSizes: SizeColumn;
  /** Immediate dominator of each node; the root dominates itself. */
  readonly dominators: Uint32Array;
  /** References from the program's roots; 100,000,000 more where only V8's own roots lead there; -5 unreachable. */
  readonly distances: Int32Array;
  /** Last edge of the shortest path to each node. @see noEdge */
  readonly parentEdges: Uint32Array;
  /** First edge of each node, and one more entry for the end. */
  readonly firstEdges: Uint32Array;
  /** Kind and target of each edge in one word. */
  readonly edges: Uint32Array;
  /** Names are read from the file when asked for. */
  readonly strings: StringTable;
  /** Property lists of plain objects. */
  readonly shapes: ObjectShapes;
  /** Rows of nodes as they stand in the file. */
  readonly nodeReader: NodeReader;
  /** Rows of edges as they stand in the file. */
  readonly edgeReader: EdgeReader;
  /** What the file says of itself. */
  readonly header: SnapshotHeader;
  /** The file under it all. */
  readonly file: SnapshotFile;
  /** Byte offset behind the edges. */
  readonly edgesEndOffset: number;
  readonly #names: Uint32Array;

  constructor(parts: GraphParts) {
    this.header = parts.header;
    this.file = parts.file;
    this.nodeCount = parts.header.nodeCount;
    this.edgeCount = parts.edges.length;
    this.rootNode = parts.header.rootNode;
    this.types = parts.types;
    this.selfSizes = parts.selfSizes;
    this.retainedSizes = parts.retainedSizes;
    this.dominators = parts.dominators;
    this.distances = parts.distances;
    this.parentEdges = parts.parentEdges;
    this.firstEdges = parts.firstEdges;
    this.edges = parts.edges;
    this.strings = parts.strings;
    this.shapes = parts.shapes;
    this.nodeReader = parts.nodeReader;
    this.edgeReader = parts.edgeReader;
    this.edgesEndOffset = parts.edgesEndOffset;
    this.#names = parts.names;
    this.totalBytes = parts.retainedSizes[this.rootNode];
  }

  /** Kind of a node. @see nodeKinds */
  kind(node: number): number {
    return this.types[node] & kindMask;
  }

  /** Kind of an edge. @see edgeKinds */
  edgeKind(edge: number): number {
    return this.edges[edge] >>> targetBits;
  }

  /** Where an edge leads. */
  target(edge: number): number {
    return this.edges[edge] & targetMask;
  }

  /** String index of a node's name; for plain objects `strings.count` plus the index of their shape. */
  nameIndex(node: number): number {
    return this.#names[node];
  }

  /** V8's name of a node: constructor, text of a string, name of a function. */
  name(node: number): string {
    const index = this.#names[node];
    return index >= this.strings.count ? 'Object' : this.strings.get(index);
  }

  /** The node an edge comes from. */
  source(edge: number): number {
    let low = 0;
    let high = this.nodeCount;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.firstEdges[middle + 1] <= edge) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Name of a property, variable or slot; the index of an element as digits. */
  edgeName(edge: number): string {
    const value = this.edgeReader.nameOrIndex(edge);
    const kind = this.edgeKind(edge);
    if (kind === edgeKinds.element || kind === edgeKinds.hidden || kind === edgeKinds.hiddenAside)
      return String(value);
    return this.strings.get(value);
  }

  /** The id that stays the same in later snapshots of the same process; the `@number` of Chrome DevTools. */
  id(node: number): number {
    return this.nodeReader.id(node);
  }

  /** The class a person would name: constructor, `{a, b}` of a plain object, or `(string)`, `(closure)` and so on. */
  className(node: number): string {
    return className(this.kind(node), this.#names[node], this.strings, this.shapes);
  }

  /** Closes the file. The columns stay usable, names do not. */
  [Symbol.dispose](): void {
    this.file[Symbol.dispose]();
  }
}
