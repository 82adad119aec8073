import { BitSet } from './bit-set.ts';
import { type GraphShape, isEssentialEdge } from './page-flags.ts';
import { targetMask } from './kinds.ts';
import { release } from './release.ts';

/** A depth-first walk over the essential edges: nodes numbered in the order of first sight, and the tree it leaves. */
export interface DepthFirstTree {
  /** Number of each node. */
  readonly numberOf: Uint32Array;
  /** Node of each number. */
  readonly nodeOf: Uint32Array;
  /** Number of the tree parent of each number. */
  readonly parents: Uint32Array;
  /** How many edges, other than from the tree parent, lead to each number; one spare entry at the end. */
  readonly predecessorCounts: Uint32Array;
  /** Numbers from here on belong to nodes that only hold each other: they stand below the root and count for nothing. */
  readonly firstCliqueNumber: number;
}

const unnumbered = 0xffffffff;

/** Walks from the root, then from nodes with only weak retainers, then takes what is left one by one, as DevTools does. */
export function walkDepthFirst(shape: GraphShape): DepthFirstTree {
  const { nodeCount, rootNode } = shape;
  const walk = new Walk(shape);
  walk.from(rootNode, 0);
  if (walk.count < nodeCount) {
    const held = findHeldNodes(shape, walk);
    for (let node = 0; node < nodeCount; node++) {
      if (!walk.has(node) && !held.has(node)) walk.from(node, 0);
    }
  }
  const firstCliqueNumber = walk.count;
  for (let node = 0; walk.count < nodeCount; node++) {
    if (!walk.has(node)) walk.takeAlone(node);
  }
  return walk.finish(firstCliqueNumber);
}

class Walk {
  count = 0;
  readonly #shape: GraphShape;
  readonly #numberOf: Uint32Array;
  readonly #nodeOf: Uint32Array;
  readonly #parents: Uint32Array;
  readonly #cursors: Uint32Array;
  readonly #predecessorCounts: Uint32Array;

  constructor(shape: GraphShape) {
    this.#shape = shape;
    this.#numberOf = new Uint32Array(shape.nodeCount).fill(unnumbered);
    this.#nodeOf = new Uint32Array(shape.nodeCount);
    this.#parents = new Uint32Array(shape.nodeCount);
    this.#cursors = new Uint32Array(shape.nodeCount);
    this.#predecessorCounts = new Uint32Array(shape.nodeCount + 1);
  }

  has(node: number): boolean {
    return this.#numberOf[node] !== unnumbered;
  }

  takeAlone(node: number): void {
    this.#number(node, 0);
  }

  from(start: number, parentNumber: number): void {
    const { firstEdges, edges } = this.#shape;
    const numberOf = this.#numberOf;
    const cursors = this.#cursors;
    const counts = this.#predecessorCounts;
    const parents = this.#parents;
    const bottom = this.#number(start, parentNumber);
    let current = bottom;
    let node = start;
    while (true) {
      const end = firstEdges[node + 1];
      let cursor = cursors[current];
      let child = -1;
      for (; cursor < end; cursor++) {
        const word = edges[cursor];
        if (!isEssentialEdge(this.#shape, node, word)) continue;
        const number = numberOf[word & targetMask];
        if (number === unnumbered) {
          child = word & targetMask;
          break;
        }
        // Edges to the root and further edges from the tree parent change nothing.
        if (number !== 0 && parents[number] !== current) counts[number]++;
      }
      if (child >= 0) {
        cursors[current] = cursor + 1;
        current = this.#number(child, current);
        node = child;
      } else {
        if (current === bottom) return;
        current = this.#parents[current];
        node = this.#nodeOf[current];
      }
    }
  }

  finish(firstCliqueNumber: number): DepthFirstTree {
    release(this.#cursors);
    return {
      numberOf: this.#numberOf,
      nodeOf: this.#nodeOf,
      parents: this.#parents,
      predecessorCounts: this.#predecessorCounts,
      firstCliqueNumber,
    };
  }

  #number(node: number, parentNumber: number): number {
    const number = this.count++;
    this.#numberOf[node] = number;
    this.#nodeOf[number] = node;
    this.#parents[number] = parentNumber;
    this.#cursors[number] = this.#shape.firstEdges[node];
    return number;
  }
}

/** Nodes not walked yet that some essential edge leads to. */
function findHeldNodes(shape: GraphShape, walk: Walk): BitSet {
  const held = new BitSet(shape.nodeCount);
  for (let source = 0; source < shape.nodeCount; source++) {
    const end = shape.firstEdges[source + 1];
    for (let edge = shape.firstEdges[source]; edge < end; edge++) {
      const word = shape.edges[edge];
      const target = word & targetMask;
      if (!walk.has(target) && isEssentialEdge(shape, source, word)) held.add(target);
    }
  }
  return held;
}
