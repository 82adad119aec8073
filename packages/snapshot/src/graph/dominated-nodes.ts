import type { HeapGraph } from './heap-graph.ts';

/** The dominator tree downwards: the nodes each node dominates immediately. */
export interface DominatedNodes {
  /** Where each node's list begins; one more entry for the end. */
  readonly starts: Uint32Array;
  /** The lists one after another. */
  readonly nodes: Uint32Array;
}

/** Turns the dominator of each node into lists of dominated nodes, ascending by node. */
export function listDominatedNodes(graph: HeapGraph): DominatedNodes {
  const { nodeCount, dominators, rootNode } = graph;
  const starts = new Uint32Array(nodeCount + 1);
  for (let node = 0; node < nodeCount; node++) if (node !== rootNode) starts[dominators[node]]++;
  let total = 0;
  for (let node = 0; node <= nodeCount; node++) {
    total += starts[node];
    starts[node] = total;
  }
  const nodes = new Uint32Array(total);
  for (let node = nodeCount - 1; node >= 0; node--) {
    if (node !== rootNode) nodes[--starts[dominators[node]]] = node;
  }
  return { starts, nodes };
}
