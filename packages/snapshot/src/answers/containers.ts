import { noDistance } from '../graph/distances.ts';
import type { HeapGraph } from '../graph/heap-graph.ts';
import { edgeKinds, nodeKinds } from '../graph/kinds.ts';

/** An object that holds many others directly: Map, Set, Array, dictionary, list of listeners. */
export interface Container {
  /** The object a program would name; its backing stores belong to it. */
  readonly node: number;
  /** The objects it holds, each once. */
  readonly items: Uint32Array;
}

/** Fewest items that make an object a container. */
export const minContainerItems = 64;

/** True for what a container holds for the program: its own parts, code, numbers and hidden classes are not. */
export function isItem(kind: number): boolean {
  return (
    kind === nodeKinds.object ||
    kind === nodeKinds.closure ||
    kind === nodeKinds.string ||
    kind === nodeKinds['concatenated string'] ||
    kind === nodeKinds['sliced string'] ||
    kind === nodeKinds.regexp ||
    kind === nodeKinds.native ||
    kind === nodeKinds.symbol ||
    kind === nodeKinds.bigint
  );
}

/** Finds the containers of a graph: objects with at least `minItems` references of their own or in their backing store. */
export function findContainers(graph: HeapGraph, minItems: number = minContainerItems): Container[] {
  const byOwner = new Map<number, number[]>();
  const globals = findGlobals(graph);
  for (let node = 0; node < graph.nodeCount; node++) {
    if (graph.firstEdges[node + 1] - graph.firstEdges[node] < minItems) continue;
    const distance = graph.distances[node];
    if (distance === noDistance) continue;
    const owner = ownerOf(graph, node);
    if (owner < 0 || globals.has(owner)) continue;
    const stores = byOwner.get(owner);
    if (stores === undefined) byOwner.set(owner, [node]);
    else stores.push(node);
  }
  const containers: Container[] = [];
  for (const [node, stores] of byOwner) {
    const items = collectItems(graph, stores, node);
    if (items.length >= minItems) containers.push({ node, items });
  }
  return containers;
}

/** Global objects hold everything and are no one's container; their members come and go as Node.js loads its parts. */
function findGlobals(graph: HeapGraph): ReadonlySet<number> {
  const globals = new Set<number>();
  for (let edge = graph.firstEdges[graph.rootNode]; edge < graph.firstEdges[graph.rootNode + 1]; edge++) {
    if (graph.edgeKind(edge) === edgeKinds.shortcut) globals.add(graph.target(edge));
  }
  return globals;
}

/** The object a backing store belongs to: what dominates it, or leads to it. -1 for what is no container of the program. */
function ownerOf(graph: HeapGraph, node: number): number {
  const kind = graph.kind(node);
  if (kind === nodeKinds.object) return node;
  if (kind !== nodeKinds.array && kind !== nodeKinds.hidden) return -1;
  const dominator = graph.dominators[node];
  if (graph.kind(dominator) === nodeKinds.object && leadsTo(graph, dominator, node)) return dominator;
  const parentEdge = graph.parentEdges[node];
  if (parentEdge >= graph.edgeCount) return -1;
  const parent = graph.source(parentEdge);
  return graph.kind(parent) === nodeKinds.object ? parent : -1;
}

function leadsTo(graph: HeapGraph, from: number, to: number): boolean {
  for (let edge = graph.firstEdges[from]; edge < graph.firstEdges[from + 1]; edge++) {
    if (graph.target(edge) === to) return true;
  }
  return false;
}

/** The distinct items of a container over all its stores, ascending by node. */
function collectItems(graph: HeapGraph, stores: readonly number[], owner: number): Uint32Array {
  const protoName = graph.strings.indexOf('__proto__');
  let most = 0;
  for (const store of stores) most += graph.firstEdges[store + 1] - graph.firstEdges[store];
  const found = new Uint32Array(most);
  let count = 0;
  for (const store of stores) {
    for (let edge = graph.firstEdges[store]; edge < graph.firstEdges[store + 1]; edge++) {
      const kind = graph.edgeKind(edge);
      if (!isHolding(kind)) continue;
      const target = graph.target(edge);
      if (target === owner || !isItem(graph.kind(target))) continue;
      if (kind === edgeKinds.property && graph.edgeReader.nameOrIndex(edge) === protoName) continue;
      found[count++] = target;
    }
  }
  const sorted = found.subarray(0, count).sort();
  let kept = 0;
  for (let i = 0; i < count; i++) if (i === 0 || sorted[i] !== sorted[i - 1]) sorted[kept++] = sorted[i];
  return sorted.slice(0, kept);
}

/** True for edges from a container to its items: weak ones hold nothing, and a function's variables are not items. */
export function isHolding(edgeKind: number): boolean {
  return edgeKind !== edgeKinds.weak && edgeKind !== edgeKinds.tableEntry && edgeKind !== edgeKinds.context;
}
