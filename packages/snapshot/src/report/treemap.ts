import { listDominatedNodes } from '../graph/dominated-nodes.ts';
import type { HeapGraph } from '../graph/heap-graph.ts';
import { release } from '../graph/release.ts';
import { nameHolder } from '../answers/sentence.ts';
import { Places } from '../answers/place.ts';
import { nodeKinds } from '../graph/kinds.ts';

/** A piece of the heap: an object with what it keeps, or many objects of one class. */
export interface TreemapTile {
  readonly label: string;
  readonly retainedBytes: number;
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
  const childrenOf = (node: number): number[] => {
    const found: number[] = [];
    for (let at = starts[node]; at < starts[node + 1]; at++)
      if (graph.retainedSizes[nodes[at]] > 0) found.push(nodes[at]);
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
      // Backing stores and wrappers would only add frames around the same area.
      if (only !== undefined && only.retainedBytes >= passThroughRatio * retainedBytes) {
        return isNamed(graph, child)
          ? {
              label: labelOf(child),
              retainedBytes,
              children: only.children.length > 0 ? only.children : [only],
            }
          : only;
      }
      return { label: labelOf(child), retainedBytes, children: inner };
    });
    for (const [name, { bytes, count }] of small) {
      if (bytes >= least)
        tiles.push({
          label: `${count.toLocaleString('en-US')} × ${name}`,
          retainedBytes: bytes,
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
    children: expand(graph.rootNode, 0),
  };
  release(starts);
  release(nodes);
  return root;
}

function isNamed(graph: HeapGraph, node: number): boolean {
  const kind = graph.kind(node);
  return kind === nodeKinds.object && graph.selfSizes[node] > 0;
}

function gather(tiles: readonly TreemapTile[]): TreemapTile[] {
  const shown = tiles.slice(0, maxChildren);
  const rest = tiles.slice(maxChildren);
  if (rest.length === 0) return shown;
  const retainedBytes = rest.reduce((sum, tile) => sum + tile.retainedBytes, 0);
  return [...shown, { label: `${rest.length} others`, retainedBytes, children: [] }];
}
