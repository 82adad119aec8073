import type { BitSet } from './bit-set.ts';
import type { SizeColumn } from './heap-graph.ts';
import { edgeKinds, kindMask, nodeKinds, targetBits, targetMask } from './kinds.ts';
import { NodeStack } from './node-stack.ts';
import { type GraphShape, isUserRoot } from './page-flags.ts';
import { release } from './release.ts';

const unvisited = 0xffffffff;
const shared = 0xfffffffe;

/** What {@link foldOwnedSizes} needs beside the graph. */
export interface FoldInputs {
  readonly names: Uint32Array;
  readonly selfSizes: SizeColumn;
  /** Name index of `system / ExternalStringData`, -1 when absent. */
  readonly externalStringName: number;
  readonly documentTrees: BitSet;
}

/**
 * Moves the bytes of hidden and array nodes that have one owner to that owner: the backing store of a Map counts as the
 * Map's own size. The rule is Chrome DevTools' (`calculateShallowSizes`), so that the numbers agree.
 */
export function foldOwnedSizes(shape: GraphShape, inputs: FoldInputs): void {
  if (!hasUserRoots(shape, inputs.documentTrees)) return;
  const owners = findOwners(shape, inputs);
  const { types, nodeCount, rootNode } = shape;
  const { selfSizes } = inputs;
  for (let node = 0; node < nodeCount; node++) {
    const owner = owners[node];
    if (owner === node || owner >= shared || owner === rootNode) continue;
    if ((types[owner] & kindMask) === nodeKinds.synthetic) continue;
    selfSizes[owner] += selfSizes[node];
    selfSizes[node] = 0;
  }
  release(owners);
}

/** A snapshot taken with V8's internals exposed has no roots of the program, and is shown as it is. */
function hasUserRoots(shape: GraphShape, documentTrees: BitSet): boolean {
  const { firstEdges, edges, rootNode, types } = shape;
  for (let edge = firstEdges[rootNode]; edge < firstEdges[rootNode + 1]; edge++) {
    if (isUserRoot(types, edges[edge] & targetMask, documentTrees)) return true;
  }
  return false;
}

function findOwners(shape: GraphShape, inputs: FoldInputs): Uint32Array {
  const { types, nodeCount, firstEdges, edges } = shape;
  const owners = new Uint32Array(nodeCount);
  for (let node = 0; node < nodeCount; node++) {
    const kind = types[node] & kindMask;
    const isOwned =
      kind === nodeKinds.hidden ||
      kind === nodeKinds.array ||
      (kind === nodeKinds.native && inputs.names[node] === inputs.externalStringName);
    owners[node] = isOwned ? unvisited : node;
  }
  const stack = new NodeStack();
  for (let start = 0; start < nodeCount; start++) {
    if (owners[start] !== start) continue;
    stack.push(start);
    while (stack.length > 0) {
      const node = stack.pop();
      const owner = owners[node];
      const end = firstEdges[node + 1];
      for (let edge = firstEdges[node]; edge < end; edge++) {
        const word = edges[edge];
        if (word >>> targetBits === edgeKinds.weak) continue;
        const target = word & targetMask;
        const current = owners[target];
        if (current === target || current === owner || current === shared) continue;
        // A node changes at most twice, first to one owner and then to several: the loop ends.
        owners[target] = current === unvisited ? owner : shared;
        stack.push(target);
      }
    }
  }
  return owners;
}
