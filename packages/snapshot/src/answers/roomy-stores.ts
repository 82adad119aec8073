import type { HeapGraph } from '../graph/heap-graph.ts';
import { nodeKinds } from '../graph/kinds.ts';
import type { Place, Places } from './place.ts';

/** An Array, Map or Set whose store has far more room than references in it. */
export interface RoomyStore {
  readonly className: string;
  /** The `@number` of Chrome DevTools. */
  readonly id: number;
  readonly place: Place;
  /** Bytes of the object with its store. */
  readonly selfBytes: number;
  /** Slots of eight bytes that the store has. */
  readonly slotCount: number;
  /** Slots that refer to an object. The rest is room, holes, or small numbers, which a snapshot does not show. */
  readonly referenceCount: number;
}

const minBytes = 64 * 1024;
const maxUsedRatio = 0.25;
const slotBytes = 8;

/** Finds large stores that hold few references: grown and emptied, sparse, or full of plain numbers. */
export function findRoomyStores(graph: HeapGraph, places: Places, maxCount = 20): RoomyStore[] {
  const names = new Set(['Array', 'Map', 'Set'] as const);
  const indexes = new Set([...names].map((name) => graph.strings.indexOf(name)));
  const found: { node: number; slotCount: number; referenceCount: number }[] = [];
  for (let node = 0; node < graph.nodeCount; node++) {
    if (graph.selfSizes[node] < minBytes || graph.kind(node) !== nodeKinds.object) continue;
    if (!indexes.has(graph.nameIndex(node))) continue;
    const slotCount = Math.floor(graph.selfSizes[node] / slotBytes);
    const referenceCount = countReferences(graph, node);
    if (referenceCount < slotCount * maxUsedRatio) found.push({ node, slotCount, referenceCount });
  }
  found.sort((a, b) => graph.selfSizes[b.node] - graph.selfSizes[a.node]);
  return found.slice(0, maxCount).map(({ node, slotCount, referenceCount }) => ({
    className: graph.className(node),
    id: graph.id(node),
    place: places.of(node),
    selfBytes: graph.selfSizes[node],
    slotCount,
    referenceCount,
  }));
}

function countReferences(graph: HeapGraph, node: number): number {
  let most = 0;
  for (let edge = graph.firstEdges[node]; edge < graph.firstEdges[node + 1]; edge++) {
    const target = graph.target(edge);
    const isStore = graph.kind(target) === nodeKinds.array;
    if (isStore) most = Math.max(most, graph.firstEdges[target + 1] - graph.firstEdges[target]);
  }
  return Math.max(most, graph.firstEdges[node + 1] - graph.firstEdges[node]);
}
