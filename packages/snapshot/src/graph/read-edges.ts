import { formatFault } from '../errors.ts';
import { GrowingWords } from '../format/growing-words.ts';
import type { SnapshotHeader } from '../format/header.ts';
import { RowReader } from '../format/row-reader.ts';
import type { StringTable } from '../format/string-table.ts';
import type { SnapshotFile } from '../input/snapshot-file.ts';
import { BitSet } from './bit-set.ts';
import { EdgeReader, edgesPerPage } from './edge-reader.ts';
import { edgeKinds, kindTable, nodeKinds, targetBits } from './kinds.ts';
import { ObjectShapes } from './object-shapes.ts';
import type { NodeColumns } from './read-nodes.ts';

/** The edges as one column of words, and what had to be noted while their names passed by. */
export interface EdgeColumns {
  readonly edges: Uint32Array;
  readonly reader: EdgeReader;
  readonly shapes: ObjectShapes;
  readonly weakEntries: WeakEntryEdges;
  /** Byte offset behind the edges. */
  readonly endOffset: number;
}

/** The two edges of each WeakMap entry carry the same pair number. Ascending by edge. */
export interface WeakEntryEdges {
  readonly edges: GrowingWords;
  readonly pairs: GrowingWords;
}

const maxShapeProperties = 64;

/** Reads the edges that start at `offset` (behind the opening bracket). Renames plain objects in `nodes.names` to their shape. */
export function readEdges(
  file: SnapshotFile,
  header: SnapshotHeader,
  nodes: NodeColumns,
  strings: StringTable,
  offset: number,
): EdgeColumns {
  const { edgeCount, nodeCount, edgeFields } = header;
  const nodeFieldCount = header.nodeFields.length;
  const [typeField, nameField, toField] = ['type', 'name_or_index', 'to_node'].map((field) =>
    edgeFields.indexOf(field),
  ) as [number, number, number];
  const kinds = kindTable(header.edgeTypes, edgeKinds);
  const edges = new Uint32Array(edgeCount);
  const pages = new Float64Array(Math.max(1, Math.ceil(edgeCount / edgesPerPage)));
  const shapes = new ObjectShapes(strings);
  const marks = new EdgeMarks(nodes, strings);
  const properties = new Uint32Array(maxShapeProperties);
  const { types, names, firstEdges } = nodes;
  const objectName = strings.indexOf('Object');
  const mapName = strings.indexOf('map');
  const protoName = strings.indexOf('__proto__');
  const reader = new RowReader(file, offset, edgeFields.length, 'edges');
  const row = reader.row;
  let edge = 0;
  pages[0] = reader.offset;
  for (let source = 0; source < nodeCount; source++) {
    const end = firstEdges[source + 1];
    const isPlain = types[source] === nodeKinds.object && names[source] === objectName;
    const isMarked = marks.startNode(source);
    let propertyCount = 0;
    let hiddenClass = -1;
    for (; edge < end; edge++) {
      if (edge % edgesPerPage === 0) pages[edge / edgesPerPage] = reader.offset;
      if (!reader.next())
        throw formatFault(
          reader.offset,
          `the end after ${edge} edges`,
          `the ${edgeCount} edges of the header`,
        );
      const target = row[toField] / nodeFieldCount;
      // Written so that fractions fail too.
      if (target >>> 0 !== target || target >= nodeCount) {
        throw formatFault(
          reader.offset,
          `an edge to field ${row[toField]}`,
          `the first field of one of ${nodeCount} nodes`,
        );
      }
      let kind = kinds[row[typeField] & 255];
      const name = row[nameField];
      if (kind === edgeKinds.internal || isMarked) kind = marks.kindOf(edge, source, kind, name);
      edges[edge] = (kind << targetBits) | target;
      if (isPlain) {
        if (kind === edgeKinds.property) {
          if (name !== protoName && propertyCount < maxShapeProperties) properties[propertyCount++] = name;
        } else if (name === mapName && kind === edgeKinds.internal) hiddenClass = target;
      }
    }
    if (isPlain && hiddenClass >= 0)
      names[source] = strings.count + shapes.note(hiddenClass, properties, propertyCount);
  }
  if (reader.next())
    throw formatFault(reader.offset, 'one more edge', `the end after the ${edgeCount} edges of the header`);
  return {
    edges,
    reader: new EdgeReader(file, header, pages),
    shapes,
    weakEntries: marks.entries,
    endOffset: reader.offset,
  };
}

/** Finds the edges whose meaning lies in their name, so that the names need not be kept. */
class EdgeMarks {
  readonly entries: WeakEntryEdges = { edges: new GrowingWords(), pairs: new GrowingWords() };
  readonly #nodes: NodeColumns;
  readonly #strings: StringTable;
  readonly #weakNames: BitSet;
  readonly #descriptorsName: number;
  readonly #nativeContextName: number;
  readonly #sloppyMapName: number;
  #isDescriptors = false;
  #isNativeContext = false;

  constructor(nodes: NodeColumns, strings: StringTable) {
    this.#nodes = nodes;
    this.#strings = strings;
    this.#weakNames = new BitSet(strings.count + 1);
    const { names } = strings.weakEntries;
    for (let i = 0; i < names.length; i++) this.#weakNames.add(names.get(i));
    this.#descriptorsName = strings.indexOf('(map descriptors)');
    this.#nativeContextName = strings.indexOf('system / NativeContext');
    this.#sloppyMapName = strings.indexOf('sloppy_function_map');
  }

  /** True when every edge of `source` must be looked at, not only the internal ones. */
  startNode(source: number): boolean {
    const type = this.#nodes.types[source];
    const name = this.#nodes.names[source];
    this.#isDescriptors = type === nodeKinds.array && name === this.#descriptorsName;
    this.#isNativeContext = type === nodeKinds.hidden && name === this.#nativeContextName;
    return this.#isDescriptors || this.#isNativeContext;
  }

  kindOf(edge: number, source: number, kind: number, name: number): number {
    if (this.#isDescriptors && kind !== edgeKinds.weak) {
      const isNumber = kind === edgeKinds.element || kind === edgeKinds.hidden;
      const index = isNumber ? name : Number.parseInt(this.#strings.get(name), 10);
      // Links of a descriptor array that hidden classes may share. @see https://crbug.com/413608
      if (!(index < 2 || index % 3 !== 1)) return asideOf(kind);
    }
    if (
      this.#isNativeContext &&
      name === this.#sloppyMapName &&
      kind !== edgeKinds.hidden &&
      kind !== edgeKinds.element
    ) {
      return asideOf(kind);
    }
    if (kind !== edgeKinds.internal || name >= this.#strings.count || !this.#weakNames.has(name)) return kind;
    const entry = this.#strings.weakEntries.names.search(name);
    this.entries.edges.push(edge);
    this.entries.pairs.push(this.#strings.weakEntries.pairs.get(entry));
    const isTable = this.#nodes.ids[source] === this.#strings.weakEntries.tableIds.get(entry);
    return isTable ? edgeKinds.tableEntry : edgeKinds.keyEntry;
  }
}

function asideOf(kind: number): number {
  if (kind === edgeKinds.internal) return edgeKinds.internalAside;
  return kind === edgeKinds.property ? edgeKinds.propertyAside : edgeKinds.hiddenAside;
}
