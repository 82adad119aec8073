import { BitSet } from './bit-set.ts';
import { edgeKinds, kindMask, nodeKinds, pageFlag, targetBits, targetMask } from './kinds.ts';
import { NodeStack } from './node-stack.ts';

/** The columns that say who refers to whom. */
export interface GraphShape {
  readonly nodeCount: number;
  readonly rootNode: number;
  readonly types: Uint8Array;
  readonly firstEdges: Uint32Array;
  readonly edges: Uint32Array;
}

/** True for a node the program itself holds on to: every child of the root but V8's own synthetic groups. */
export function isUserRoot(types: Uint8Array, node: number, documentTrees: BitSet): boolean {
  return (types[node] & kindMask) !== nodeKinds.synthetic || documentTrees.has(node);
}

/** Synthetic nodes named `(Document DOM trees)`, which count as the program's. */
export function findDocumentTrees(shape: GraphShape, names: Uint32Array, nameIndex: number): BitSet {
  const found = new BitSet(shape.nodeCount);
  if (nameIndex < 0) return found;
  for (let node = 0; node < shape.nodeCount; node++) {
    if (names[node] === nameIndex && (shape.types[node] & kindMask) === nodeKinds.synthetic) found.add(node);
  }
  return found;
}

/** Marks what can be reached from the program's globals, so that a debugger's own references do not claim it. */
export function markPageNodes(shape: GraphShape, documentTrees: BitSet): void {
  const { types, firstEdges, edges, rootNode } = shape;
  const stack = new NodeStack();
  for (let edge = firstEdges[rootNode]; edge < firstEdges[rootNode + 1]; edge++) {
    const kind = edges[edge] >>> targetBits;
    const target = edges[edge] & targetMask;
    const isEntry = kind === edgeKinds.shortcut || (kind === edgeKinds.element && documentTrees.has(target));
    if (!isEntry) continue;
    types[target] |= pageFlag;
    stack.push(target);
  }
  while (stack.length > 0) {
    const node = stack.pop();
    const end = firstEdges[node + 1];
    for (let edge = firstEdges[node]; edge < end; edge++) {
      const word = edges[edge];
      const target = word & targetMask;
      if ((types[target] & pageFlag) !== 0 || word >>> targetBits === edgeKinds.weak) continue;
      types[target] |= pageFlag;
      stack.push(target);
    }
  }
}

/**
 * True when the edge counts for dominators: weak edges, edges to itself, shortcuts below the root, a WeakMap table's
 * hold on a value and edges from outside into the program's own graph do not.
 */
export function isEssentialEdge(shape: GraphShape, source: number, word: number): boolean {
  const kind = word >>> targetBits;
  if (kind === edgeKinds.weak || kind === edgeKinds.tableEntry) return false;
  const target = word & targetMask;
  if (target === source) return false;
  if (source === shape.rootNode) return true;
  if (kind === edgeKinds.shortcut) return false;
  return (shape.types[target] & pageFlag) === 0 || (shape.types[source] & pageFlag) !== 0;
}
