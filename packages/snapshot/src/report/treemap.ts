import { listDominatedNodes } from '../graph/dominated-nodes.ts';
import type { HeapGraph } from '../graph/heap-graph.ts';
import { nodeKinds } from '../graph/kinds.ts';
import { release } from '../graph/release.ts';
import { nameHolder } from '../answers/sentence.ts';
import { Places } from '../answers/place.ts';

/** A piece of the heap: an object with what it keeps, or many objects of one class. */
export interface TreemapTile {
  readonly label: string;
  readonly retainedBytes: number;
  /** True for many objects of one class, false for one object. */
  readonly isGroup: boolean;
  readonly children: readonly TreemapTile[];
}

const maxDepth = 3;
const maxChildren = 14;
/** Tiles below this part of the heap are gathered into one. */
const minRatio = 0.004;
/** A single child that is nearly all takes its parent's place. */
const passThroughRatio = 0.9;

/** Divides the heap by who keeps what, along the dominator tree. */
export function buildTreemap(graph: HeapGraph): TreemapTile {
  const { starts, nodes } = listDominatedNodes(graph);
  const places = new Places(graph);
  const least = graph.totalBytes * minRatio;
  // Stores whose bytes count with their owner are no tiles of their own: their contents take their place.
  const childrenOf = (node: number, found: number[] = []): number[] => {
    for (let at = starts[node]; at < starts[node + 1]; at++) {
      const child = nodes[at];
      if (graph.retainedSizes[child] === 0) continue;
      if (graph.selfSizes[child] === 0 && graph.kind(child) === nodeKinds.array) childrenOf(child, found);
      else found.push(child);
    }
    return found;
  };
  const expand = (node: number, depth: number): TreemapTile[] => {
    const large: number[] = [];
    const small = new Map<string, { bytes: number; count: number }>();
    for (const child of childrenOf(node)) {
      const bytes = graph.retainedSizes[child];
      if (bytes >= least) large.push(child);
      else {
        const name = graph.className(child);
        const group = small.get(name);
        if (group === undefined) small.set(name, { bytes, count: 1 });
        else {
          group.bytes += bytes;
          group.count++;
        }
      }
    }
    const tiles: TreemapTile[] = large.map((child) => {
      const retainedBytes = graph.retainedSizes[child];
      const inner = depth < maxDepth ? expand(child, depth + 1) : [];
      const [only] = inner;
      // A wrapper would only add a frame around the same area; the object inside says more, a group of objects less.
      if (only !== undefined && !only.isGroup && only.retainedBytes >= passThroughRatio * retainedBytes)
        return only;
      return { label: labelOf(child), retainedBytes, isGroup: false, children: inner };
    });
    for (const [name, { bytes, count }] of small) {
      if (bytes >= least)
        tiles.push({
          label: `${count.toLocaleString('en-US')} × ${name}`,
          retainedBytes: bytes,
          isGroup: true,
          children: [],
        });
    }
    return gather(tiles.sort((a, b) => b.retainedBytes - a.retainedBytes));
  };
  const labelOf = (node: number): string => {
    const { name, file } = places.of(node);
    return nameHolder(graph.className(node), name, file);
  };
  const root: TreemapTile = {
    label: 'heap',
    retainedBytes: graph.totalBytes,
    isGroup: false,
    children: expand(graph.rootNode, 0),
  };
  release(starts);
  release(nodes);
  return root;
}

function gather(tiles: readonly TreemapTile[]): TreemapTile[] {
  const shown = tiles.slice(0, maxChildren);
  const rest = tiles.slice(maxChildren);
  if (rest.length === 0) return shown;
  const retainedBytes = rest.reduce((sum, tile) => sum + tile.retainedBytes, 0);
  return [...shown, { label: `${rest.length} others`, retainedBytes, isGroup: true, children: [] }];
}
