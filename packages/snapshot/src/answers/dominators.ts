import type { HeapGraph } from '../graph/heap-graph.ts';
import { nodeKinds } from '../graph/kinds.ts';
import type { Place, Places } from './place.ts';

/** An object that alone keeps a large part of the heap. */
export interface BigDominator {
  readonly className: string;
  /** The `@number` of Chrome DevTools. */
  readonly id: number;
  readonly place: Place;
  readonly selfBytes: number;
  readonly retainedBytes: number;
  /** {@link retainedBytes} of the whole heap, 0 to 1. */
  readonly heapRatio: number;
}

/** An object whose retained size is nearly all inside one child is only on the way to it. */
const passThroughRatio = 0.9;

/** The objects that keep most, largest first; those that only lead to one of them, or keep nearly everything, are left out. */
export function findBigDominators(graph: HeapGraph, places: Places, maxCount = 20): BigDominator[] {
  const least = Math.max(1, graph.totalBytes * 0.002);
  const largestChild = new Map<number, number>();
  const big: number[] = [];
  for (let node = 0; node < graph.nodeCount; node++) {
    const bytes = graph.retainedSizes[node];
    if (bytes < least || node === graph.rootNode) continue;
    const dominator = graph.dominators[node];
    if (bytes > (largestChild.get(dominator) ?? 0)) largestChild.set(dominator, bytes);
    // Without bytes of its own a node is a part that counts with its owner.
    const isShown = graph.kind(node) !== nodeKinds.synthetic && graph.selfSizes[node] > 0;
    if (isShown && bytes < graph.totalBytes * 0.9) big.push(node);
  }
  const ends = big.filter(
    (node) => (largestChild.get(node) ?? 0) < passThroughRatio * graph.retainedSizes[node],
  );
  ends.sort((a, b) => graph.retainedSizes[b] - graph.retainedSizes[a]);
  return ends.slice(0, maxCount).map((node) => ({
    className: graph.className(node),
    id: graph.id(node),
    place: places.of(node),
    selfBytes: graph.selfSizes[node],
    retainedBytes: graph.retainedSizes[node],
    heapRatio: graph.retainedSizes[node] / graph.totalBytes,
  }));
}
