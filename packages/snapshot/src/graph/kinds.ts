/** Kinds of node, by the name V8 gives the type; the numbers are ours and do not follow a file's order. */
export const nodeKinds = {
  hidden: 0,
  array: 1,
  string: 2,
  object: 3,
  code: 4,
  closure: 5,
  regexp: 6,
  number: 7,
  native: 8,
  synthetic: 9,
  'concatenated string': 10,
  'sliced string': 11,
  symbol: 12,
  bigint: 13,
  'object shape': 14,
  other: 15,
} as const;

/** The name of a kind of node. */
export type NodeKind = keyof typeof nodeKinds;

/** Kinds of edge. The first seven are V8's; the others mark edges that its own tools treat apart. */
export const edgeKinds = {
  context: 0,
  element: 1,
  property: 2,
  internal: 3,
  hidden: 4,
  shortcut: 5,
  weak: 6,
  other: 7,
  /** From a WeakMap's table to a value: retains nothing, since the key's edge is the one that counts. */
  tableEntry: 8,
  /** From a WeakMap's key to its value. */
  keyEntry: 9,
  /** A `hidden` edge that distances do not follow (descriptors shared between hidden classes). */
  hiddenAside: 10,
  /** An `internal` edge that distances do not follow. */
  internalAside: 11,
  /** A `property` edge that distances do not follow. */
  propertyAside: 12,
} as const;

/** The name of a kind of edge. */
export type EdgeKind = keyof typeof edgeKinds;

/** An edge is one word: four bits of kind, twenty-eight of target. */
export const targetBits = 28;
/** Mask of the target in an edge word. */
export const targetMask: number = (1 << targetBits) - 1;
/** Most nodes a graph can hold: a file of about 18 GB. */
export const maxNodeCount: number = targetMask;

/** Bits of a type byte that hold the kind. */
export const kindMask = 0x1f;
/** Bit of a type byte: reachable from the program's own globals. */
export const pageFlag = 0x20;

const nodeKindNames = Object.keys(nodeKinds) as NodeKind[];
const edgeKindNames = Object.keys(edgeKinds) as EdgeKind[];

/** The name of a kind of node by its number. */
export function nodeKindName(kind: number): NodeKind {
  return nodeKindNames[kind & kindMask] ?? 'other';
}

/** The name V8 gives a kind of edge by our number. */
export function edgeKindName(kind: number): EdgeKind {
  if (kind === edgeKinds.hiddenAside) return 'hidden';
  if (kind === edgeKinds.propertyAside) return 'property';
  if (kind >= edgeKinds.tableEntry) return 'internal';
  return edgeKindNames[kind] ?? 'other';
}

/** Translates a file's own type numbers; types of a V8 yet to come become `other`. */
export function kindTable(names: readonly string[], kinds: Readonly<Record<string, number>>): Uint8Array {
  const table = new Uint8Array(256).fill(kinds['other'] ?? 0);
  names.slice(0, 256).forEach((name, type) => {
    table[type] = kinds[name] ?? kinds['other'] ?? 0;
  });
  return table;
}
