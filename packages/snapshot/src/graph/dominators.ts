/*
 * Dominators by the Semi-NCA algorithm (L. Georgiadis, R. E. Tarjan, "Dominator tree certification and divergent spanning
 * trees", and Georgiadis' thesis, 2005) over the numbers of a depth-first walk.
 *
 * The problem: a gigabyte snapshot has 13 million nodes and 39 million edges, and the machine that must read it has
 * little more memory than the file is long. So everything is a column of words, and columns share memory:
 *  - only the *smallest* semidominator on a path is ever asked for, so path compression keeps that number itself
 *    instead of a label that leads to it: one column less, one random access less;
 *  - once a vertex is done its slot in the predecessor index is free, and holds its own semidominator from then on;
 *  - tree edges need no place among the predecessors: the parent is known.
 * Peak: 16 bytes a node beside the walk's 8, and 4 a non-tree edge.
 */
import { type DepthFirstTree, walkDepthFirst } from './depth-first.ts';
import type { SizeColumn } from './heap-graph.ts';
import { targetMask } from './kinds.ts';
import { NodeStack } from './node-stack.ts';
import { type GraphShape, isEssentialEdge } from './page-flags.ts';
import { release } from './release.ts';

/** Who dominates whom, and what each node keeps alive. */
export interface DominatorTree {
  /** Immediate dominator of each node; the root's is itself. */
  readonly dominators: Uint32Array;
  /** Bytes each node keeps alive: its own and those of every node it dominates. */
  readonly retainedSizes: SizeColumn;
}

/** Computes the immediate dominator and the retained size of every node. */
export function computeDominators(shape: GraphShape, selfSizes: SizeColumn): DominatorTree {
  const tree = walkDepthFirst(shape);
  const { starts, predecessors } = collectPredecessors(shape, tree);
  release(tree.numberOf);
  const semidominators = computeSemidominators(tree.parents, starts, predecessors);
  release(predecessors);
  const idoms = tree.parents;
  for (let number = 1; number < shape.nodeCount; number++) {
    const semi = semidominators[number];
    let idom = idoms[number];
    while (idom > semi) idom = idoms[idom];
    idoms[number] = idom;
  }
  release(semidominators);
  return toNodes(shape.nodeCount, tree.nodeOf, idoms, selfSizes);
}

function collectPredecessors(
  shape: GraphShape,
  tree: DepthFirstTree,
): { readonly starts: Uint32Array; readonly predecessors: Uint32Array } {
  const { numberOf, nodeOf, parents, predecessorCounts: starts, firstCliqueNumber } = tree;
  let total = 0;
  for (let number = 0; number < starts.length; number++) {
    total += starts[number];
    starts[number] = total;
  }
  // Filled from the back: each start moves down to where its own list begins.
  const predecessors = new Uint32Array(total);
  for (let number = 0; number < firstCliqueNumber; number++) {
    const node = nodeOf[number];
    const end = shape.firstEdges[node + 1];
    for (let edge = shape.firstEdges[node]; edge < end; edge++) {
      const word = shape.edges[edge];
      if (!isEssentialEdge(shape, node, word)) continue;
      const target = numberOf[word & targetMask];
      if (target === 0 || parents[target] === number) continue;
      predecessors[--starts[target]] = number;
    }
  }
  return { starts, predecessors };
}

/** Returns the semidominator of each number, in the memory of `starts`. */
function computeSemidominators(
  parents: Uint32Array,
  starts: Uint32Array,
  predecessors: Uint32Array,
): Uint32Array {
  const ancestors = parents.slice();
  const smallest = new Uint32Array(parents.length);
  const path = new NodeStack();
  let end = predecessors.length;
  for (let number = parents.length - 1; number > 0; number--) {
    let semi = parents[number];
    const start = starts[number];
    for (let i = start; i < end; i++) {
      const predecessor = predecessors[i];
      const candidate =
        predecessor <= number ? predecessor : smallestOnPath(predecessor, number, ancestors, smallest, path);
      if (candidate < semi) semi = candidate;
    }
    end = start;
    smallest[number] = semi;
    starts[number] = semi;
  }
  release(ancestors);
  release(smallest);
  return starts;
}

/** The smallest semidominator on the way from `from` up to the last number above `limit`; shortens the way for the next. */
function smallestOnPath(
  from: number,
  limit: number,
  ancestors: Uint32Array,
  smallest: Uint32Array,
  path: NodeStack,
): number {
  let top = from;
  while (ancestors[top] > limit) {
    path.push(top);
    top = ancestors[top];
  }
  while (path.length > 0) {
    const number = path.pop();
    const above = ancestors[number];
    if (smallest[above] < smallest[number]) smallest[number] = smallest[above];
    ancestors[number] = ancestors[above];
  }
  return smallest[from];
}

function toNodes(
  nodeCount: number,
  nodeOf: Uint32Array,
  idoms: Uint32Array,
  selfSizes: SizeColumn,
): DominatorTree {
  const dominators = new Uint32Array(nodeCount);
  const retainedSizes = selfSizes.slice();
  // A dominator always has the smaller number: from the back, every size is complete before it is passed on.
  for (let number = nodeCount - 1; number > 0; number--) {
    const node = nodeOf[number];
    const dominator = nodeOf[idoms[number]];
    dominators[node] = dominator;
    retainedSizes[dominator] += retainedSizes[node];
  }
  dominators[nodeOf[0]] = nodeOf[0];
  release(nodeOf);
  release(idoms);
  return { dominators, retainedSizes };
}
