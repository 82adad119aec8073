import type { HeapGraph } from '../graph/heap-graph.ts';
import { noDistance } from '../graph/distances.ts';
import { nodeKinds } from '../graph/kinds.ts';
import type { PathStep, Places } from './place.ts';

/** A whole JavaScript world of its own: the main one, and one for every `vm.createContext()`. */
export interface RealmSummary {
  /** The `@number` of Chrome DevTools. */
  readonly id: number;
  readonly retainedBytes: number;
  /** True when only weak references lead to it, or none: it goes with the next collection. */
  readonly isDetached: boolean;
  /** What keeps it. */
  readonly path: readonly PathStep[];
}

/** Lists the native contexts, largest first. More than the program made on purpose is a leak of whole worlds. */
export function findRealms(graph: HeapGraph, places: Places, maxCount = 20): RealmSummary[] {
  const name = graph.strings.indexOf('system / NativeContext');
  const nodes: number[] = [];
  for (let node = 0; node < graph.nodeCount; node++) {
    if (graph.nameIndex(node) !== name) continue;
    const kind = graph.kind(node);
    if (kind === nodeKinds.hidden || kind === nodeKinds.object) nodes.push(node);
  }
  nodes.sort((a, b) => graph.retainedSizes[b] - graph.retainedSizes[a]);
  return nodes.slice(0, maxCount).map((node) => ({
    id: graph.id(node),
    retainedBytes: graph.retainedSizes[node],
    isDetached: graph.distances[node] === noDistance,
    path: places.path(node),
  }));
}
