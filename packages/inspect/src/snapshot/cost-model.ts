/**
 * What V8's heap snapshot costs, per thing it records. Measured by `benchmarks/snapshot-cost.mjs`, not guessed: least squares over real captures of 16 shapes of heap.
 *
 * V8 keeps a node for each heap object and an edge for each reference, all in malloc memory beside the heap, until the file is written. And it keeps a *name* for each
 * distinct number under which anything is indexed: a buffer of 1 KiB that is never shrunk (`StringsStorage::GetFormatted`). The numbers are those of the longest array
 * or hash table, and those of the table of internalized strings: property keys, and the short strings that `JSON.parse` makes.
 */
export interface SnapshotCoefficients {
  readonly nodeBytes: number;
  readonly edgeBytes: number;
  readonly indexBytes: number;
  /** What a snapshot costs beside nodes, edges and indexes. */
  readonly flatBytes: number;
  readonly nodeMicros: number;
  readonly indexMicros: number;
  readonly fileBytesPerNode: number;
  /** The heap of Node itself, before the service has allocated anything. */
  readonly base: BaseHeap;
}

/** The heap of Node itself. */
export interface BaseHeap {
  readonly heapUsedBytes: number;
  readonly nodeCount: number;
  readonly edgeCount: number;
  readonly indexCount: number;
}

/** How densely a heap is filled with things that cost. */
export interface HeapDensity {
  readonly bytesPerNode: number;
  readonly edgesPerNode: number;
  /** Heap bytes for each internalized string. */
  readonly bytesPerInternalized: number;
  /** Of the largest array's slots, how many are in use: 0..1. */
  readonly usedSlotsRatio: number;
  /** How much of the bytes that a profile saw in large objects is believed to be no nodes: 0..1. */
  readonly trustedBulkRatio: number;
}

const NODE_20: SnapshotCoefficients = {
  nodeBytes: 188,
  edgeBytes: 32,
  indexBytes: 1130,
  flatBytes: 12e6,
  nodeMicros: 1.4,
  indexMicros: 4,
  fileBytesPerNode: 105,
  base: { heapUsedBytes: 3.6e6, nodeCount: 43_000, edgeCount: 192_000, indexCount: 7_800 },
};

const NODE_24: SnapshotCoefficients = {
  nodeBytes: 134,
  edgeBytes: 35,
  indexBytes: 1078,
  flatBytes: 15e6,
  nodeMicros: 1.05,
  indexMicros: 3.2,
  fileBytesPerNode: 95,
  base: { heapUsedBytes: 4.6e6, nodeCount: 61_000, edgeCount: 262_000, indexCount: 8_000 },
};

/** The coefficients of a Node major; those between two measured ones take the dearer. */
export function coefficientsOf(nodeMajor: number): SnapshotCoefficients {
  return nodeMajor < 24 ? NODE_20 : NODE_24;
}

/** What most services look like: 34–45 heap bytes an object, three references each. */
export const usualDensity: HeapDensity = Object.freeze({
  bytesPerNode: 40,
  edgesPerNode: 3.2,
  bytesPerInternalized: 700,
  usedSlotsRatio: 0.6,
  trustedBulkRatio: 1,
});

/** The dearest of the measured shapes in each respect: boxed numbers (28 B), promises and closures (edges), parsed JSON (internalized strings). */
export const dearestDensity: HeapDensity = Object.freeze({
  bytesPerNode: 28,
  edgesPerNode: 3.5,
  bytesPerInternalized: 280,
  usedSlotsRatio: 1,
  trustedBulkRatio: 0.7,
});
