import type { BitSet } from '../graph/bit-set.ts';
import type { HeapGraph } from '../graph/heap-graph.ts';
import { edgeKinds, nodeKinds } from '../graph/kinds.ts';
import { NodeStack } from '../graph/node-stack.ts';

/** How far below an item its belongings are looked for: entry → record → object, or listener → context → object. */
const maxSteps = 3;

/** Counts what the items of a container lead to, without leaving through objects that everything leads to. */
export class Reach {
  readonly #graph: HeapGraph;
  readonly #stamps: Uint32Array;
  readonly #isHub: Uint8Array;
  #stamp = 0;

  constructor(graph: HeapGraph, containers: Iterable<number>, hubDegree: number) {
    this.#graph = graph;
    this.#stamps = new Uint32Array(graph.nodeCount);
    this.#isHub = findHubs(graph, hubDegree);
    for (const node of containers) this.#isHub[node] = 1;
  }

  /** How many distinct nodes of `wantedNodes` are among the items and what they lead to in few steps. */
  count(items: Uint32Array, wantedNodes: BitSet): number {
    const { firstEdges } = this.#graph;
    const stamp = ++this.#stamp;
    let wanted = 0;
    let level = new NodeStack();
    for (const item of items) {
      this.#stamps[item] = stamp;
      if (wantedNodes.has(item)) wanted++;
      if (this.#isOpen(item)) level.push(item);
    }
    for (let step = 0; step < maxSteps && level.length > 0; step++) {
      const next = new NodeStack();
      while (level.length > 0) {
        const node = level.pop();
        for (let edge = firstEdges[node]; edge < firstEdges[node + 1]; edge++) {
          const kind = this.#graph.edgeKind(edge);
          if (kind === edgeKinds.weak || kind === edgeKinds.tableEntry) continue;
          const target = this.#graph.target(edge);
          if (this.#stamps[target] === stamp) continue;
          this.#stamps[target] = stamp;
          if (wantedNodes.has(target)) wanted++;
          if (this.#isOpen(target)) next.push(target);
        }
      }
      level = next;
    }
    return wanted;
  }

  #isOpen(node: number): boolean {
    if (this.#isHub[node] === 1) return false;
    const kind = this.#graph.kind(node);
    return (
      kind === nodeKinds.object ||
      kind === nodeKinds.closure ||
      kind === nodeKinds.array ||
      kind === nodeKinds.hidden
    );
  }
}

/** Nodes that very many others refer to (prototypes, hidden classes, module contexts) say nothing about who holds what. */
function findHubs(graph: HeapGraph, hubDegree: number): Uint8Array {
  const degrees = new Uint32Array(graph.nodeCount);
  for (let edge = 0; edge < graph.edgeCount; edge++) degrees[graph.target(edge)]++;
  const isHub = new Uint8Array(graph.nodeCount);
  for (let node = 0; node < graph.nodeCount; node++) if (degrees[node] > hubDegree) isHub[node] = 1;
  return isHub;
}
