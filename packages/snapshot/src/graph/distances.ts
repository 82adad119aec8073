import type { BitSet } from './bit-set.ts';
import { edgeKinds, targetBits, targetMask } from './kinds.ts';
import { type GraphShape, isUserRoot } from './page-flags.ts';
import type { WeakEntryEdges } from './read-edges.ts';
import { release } from './release.ts';

/** Distance of a node that nothing but weak edges leads to. */
export const noDistance = -5;
/** Added to the distance of nodes that only V8's own roots lead to. */
export const systemDistance = 100_000_000;

/** How far every node is from the program's roots, and by which edge the shortest way comes in. */
export interface DistanceTree {
  /** References from the roots, by Chrome DevTools' rules. */
  readonly distances: Int32Array;
  /** Last edge of the shortest path to each node; {@link noEdge} at the roots. */
  readonly parentEdges: Uint32Array;
}

/** Stands for "no edge" in {@link DistanceTree.parentEdges}. */
export const noEdge = 0xffffffff;

/** Counts the references from the program's roots to every node. */
export function computeDistances(
  shape: GraphShape,
  documentTrees: BitSet,
  weakEntries: WeakEntryEdges,
): DistanceTree {
  const { nodeCount, rootNode, firstEdges, edges, types } = shape;
  const distances = new Int32Array(nodeCount).fill(noDistance);
  // The root's children can be listed more than once, and are then visited more than once.
  const queue = new Uint32Array(nodeCount + firstEdges[rootNode + 1] - firstEdges[rootNode]);
  const parentEdges = new Uint32Array(nodeCount).fill(noEdge);
  const pendingPairs = new Set<number>();
  let queued = 0;
  for (let edge = firstEdges[rootNode]; edge < firstEdges[rootNode + 1]; edge++) {
    const target = edges[edge] & targetMask;
    if (!isUserRoot(types, target, documentTrees)) continue;
    distances[target] = 1;
    parentEdges[target] = edge;
    queue[queued++] = target;
  }
  const walk = { shape, distances, parentEdges, queue, pendingPairs, weakEntries };
  walkBreadthFirst(walk, queued);
  distances[rootNode] = queued > 0 ? systemDistance : 0;
  queue[0] = rootNode;
  walkBreadthFirst(walk, 1);
  release(queue);
  parentEdges[rootNode] = noEdge;
  return { distances, parentEdges };
}

interface BreadthFirstWalk {
  readonly shape: GraphShape;
  readonly distances: Int32Array;
  readonly parentEdges: Uint32Array;
  readonly queue: Uint32Array;
  readonly pendingPairs: Set<number>;
  readonly weakEntries: WeakEntryEdges;
}

function walkBreadthFirst(walk: BreadthFirstWalk, initialCount: number): void {
  const { distances, parentEdges, queue } = walk;
  const { firstEdges, edges } = walk.shape;
  let queued = initialCount;
  for (let at = 0; at < queued; at++) {
    const node = queue[at];
    const next = distances[node] + 1;
    const end = firstEdges[node + 1];
    for (let edge = firstEdges[node]; edge < end; edge++) {
      const word = edges[edge];
      const target = word & targetMask;
      if (distances[target] !== noDistance) continue;
      const kind = word >>> targetBits;
      if (kind === edgeKinds.weak || kind >= edgeKinds.hiddenAside) continue;
      if (kind >= edgeKinds.tableEntry && !isSecondOfPair(walk, edge)) continue;
      distances[target] = next;
      parentEdges[target] = edge;
      queue[queued++] = target;
    }
  }
}

/** A WeakMap's value is as far as the farther of table and key: the first of the two edges to be met does not count. */
function isSecondOfPair(walk: BreadthFirstWalk, edge: number): boolean {
  const pair = walk.weakEntries.pairs.get(walk.weakEntries.edges.search(edge));
  if (walk.pendingPairs.delete(pair)) return true;
  walk.pendingPairs.add(pair);
  return false;
}
