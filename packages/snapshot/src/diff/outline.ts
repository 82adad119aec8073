import { isHolding } from '../answers/containers.ts';
import { readHeader } from '../format/header.ts';
import { nodeKinds, targetBits, targetMask, kindMask } from '../graph/kinds.ts';
import { type SnapshotColumns, readColumns } from '../graph/read-columns.ts';
import { foldOwnedSizes } from '../graph/shallow-sizes.ts';
import { type SnapshotInput, openSnapshotFile } from '../input/snapshot-file.ts';
import { edgeKinds } from '../graph/kinds.ts';
import { className } from '../graph/class-name.ts';

/** Objects and bytes of a class at one time. */
export interface ClassCount {
  readonly count: number;
  readonly selfBytes: number;
}

/** What is wanted of an earlier snapshot. */
export interface OutlineRequest {
  /** Ids of the holders whose items are wanted, and the kind of node those items are. */
  readonly holders: ReadonlyMap<number, number>;
  /** Names, with the kind of node, whose object ids are wanted. */
  readonly chainNames: ReadonlySet<string>;
}

/** An earlier snapshot, as far as a comparison needs it; the graph itself is let go. */
export interface SnapshotOutline {
  /** Bytes of the whole heap. */
  readonly totalBytes: number;
  /** Objects and bytes by class name. */
  readonly classes: ReadonlyMap<string, ClassCount>;
  /** Ids of the items of each wanted holder that existed then, ascending. */
  readonly items: ReadonlyMap<number, Uint32Array>;
  /** Bytes of each wanted holder itself, its backing store included. */
  readonly selfBytes: ReadonlyMap<number, number>;
  /** Ids of the objects of each wanted chain. */
  readonly chains: ReadonlyMap<string, ReadonlySet<number>>;
}

/** Reads what `request` asks of an earlier snapshot, without dominators or retained sizes. */
export async function readOutline(
  input: SnapshotInput,
  request: OutlineRequest,
  spoolDir?: string,
): Promise<SnapshotOutline> {
  using file = await openSnapshotFile(input, spoolDir);
  const header = readHeader(file);
  const columns = readColumns(file, header, () => {});
  const { nodes, strings, shape, documentTrees } = columns;
  foldOwnedSizes(shape, {
    names: nodes.names,
    selfSizes: nodes.selfSizes,
    externalStringName: strings.indexOf('system / ExternalStringData'),
    documentTrees,
  });
  return outlineOf(columns, request);
}

function outlineOf(columns: SnapshotColumns, request: OutlineRequest): SnapshotOutline {
  const { nodes } = columns;
  const classes = new Map<string, { count: number; selfBytes: number }>();
  const items = new Map<number, Uint32Array>();
  const selfBytes = new Map<number, number>();
  const chains = new Map<string, Set<number>>();
  const labels = new Map<number, string>();
  let totalBytes = 0;
  for (let node = 0; node < nodes.types.length; node++) {
    const kind = nodes.types[node] & kindMask;
    const bytes = nodes.selfSizes[node];
    totalBytes += bytes;
    const key = nodes.names[node] * 16 + kind;
    const hasOwnName = kind === nodeKinds.object || kind === nodeKinds.native;
    let label = labels.get(hasOwnName ? key : -1 - kind);
    if (label === undefined) {
      label = className(kind, nodes.names[node], columns.strings, columns.edges.shapes);
      labels.set(hasOwnName ? key : -1 - kind, label);
    }
    if (bytes > 0) {
      const count = classes.get(label);
      if (count === undefined) classes.set(label, { count: 1, selfBytes: bytes });
      else {
        count.count++;
        count.selfBytes += bytes;
      }
    }
    const id = nodes.ids[node];
    const itemKind = request.holders.get(id);
    if (itemKind !== undefined) {
      items.set(id, itemIdsOf(columns, node, itemKind));
      selfBytes.set(id, bytes);
    }
    const chain = kind === nodeKinds.hidden ? chainNameOf(columns, node, request) : label;
    if (chain !== undefined && request.chainNames.has(chain)) {
      const members = chains.get(chain);
      if (members === undefined) chains.set(chain, new Set([id]));
      else members.add(id);
    }
  }
  return { totalBytes, classes, items, selfBytes, chains };
}

function chainNameOf(columns: SnapshotColumns, node: number, request: OutlineRequest): string | undefined {
  if (request.chainNames.size === 0) return undefined;
  return columns.strings.get(columns.nodes.names[node]).replace('system / ', '');
}

/** Ids of the nodes of one kind that a holder and its backing stores refer to, ascending. */
function itemIdsOf(columns: SnapshotColumns, holder: number, itemKind: number): Uint32Array {
  const { firstEdges, edges, types } = columns.shape;
  const protoName = columns.strings.indexOf('__proto__');
  const found: number[] = [];
  const collect = (node: number, isHolder: boolean): void => {
    for (let edge = firstEdges[node]; edge < firstEdges[node + 1]; edge++) {
      const kind = edges[edge] >>> targetBits;
      if (!isHolding(kind)) continue;
      const target = edges[edge] & targetMask;
      const targetKind = types[target] & kindMask;
      const isPrototype = kind === edgeKinds.property && columns.edges.reader.nameOrIndex(edge) === protoName;
      if (isPrototype) continue;
      if (targetKind === itemKind) found.push(columns.nodes.ids[target]);
      else if (isHolder && targetKind === nodeKinds.array) collect(target, false);
    }
  };
  collect(holder, true);
  return Uint32Array.from(found).sort();
}
