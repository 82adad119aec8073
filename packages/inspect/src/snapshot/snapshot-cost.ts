import { processWide } from '@plimsoll/memory';
import {
  coefficientsOf,
  dearestDensity,
  type HeapDensity,
  type SnapshotCoefficients,
  usualDensity,
} from './cost-model.ts';
import { isSamplingForeign } from '../profile/allocation-sampling.ts';
import type { HeapShape } from './heap-shape.ts';

/** What a heap snapshot of this heap would cost. Bytes are resident memory beside what the process has already. */
export interface SnapshotCost {
  readonly nodeCount: number;
  readonly edgeCount: number;
  /** Distinct numbers under which anything is indexed; each costs about 1 kB. */
  readonly indexCount: number;
  /** The most it takes at once, as expected. */
  readonly peakBytes: number;
  /** The most it takes at once, at worst over the shapes that were measured. Decide with this one. */
  readonly peakUpperBytes: number;
  /** What stays resident afterwards for as long as nothing trims, at worst: malloc keeps what V8 frees. */
  readonly residueBytes: number;
  /** What stays resident after {@link mallocTrim}, at worst. */
  readonly trimmedResidueBytes: number;
  /** CPU milliseconds of one whole core during which nothing else runs on this thread, as expected. */
  readonly pauseMs: number;
  /** The same at worst. */
  readonly pauseUpperMs: number;
  /** Size of the file at worst. */
  readonly fileBytes: number;
  /** `model`: coefficients measured elsewhere. `capture`: this process has taken a snapshot before, and it counted. */
  readonly basis: 'model' | 'capture';
}

/** What a real capture taught about this process. */
export interface CaptureLesson {
  readonly heapUsedBytes: number;
  readonly nodeCount: number;
  readonly edgeCount: number;
  readonly peakBytes: number;
  readonly pauseMs: number;
}

/** Of the peak, how much malloc cannot give back: measured below 0 (the heap's own pages go back too) to 0.02. */
const TRIMMED_RESIDUE_RATIO = 0.02;
/** Pages that are only partly free, whatever the size of the snapshot: measured up to 5 MB. */
const TRIMMED_RESIDUE_FLAT_BYTES = 8e6;
/** The part of a file that does not grow with the heap: meta data and the source code of Node itself. */
const FILE_FLAT_BYTES = 4.5e6;
/** CPU of a snapshot whatever it holds: collecting, opening, writing. Measured 60 to 150 ms. */
const PAUSE_FLAT_MS = 100;
/** Pauses vary with the machine more than memory does. */
const PAUSE_MARGIN_RATIO = 1.5;
/** What a capture counted can still be off when the same heap is captured again. */
const LESSON_MARGIN_RATIO = 1.15;
const SLOT_BYTES = 8;

interface Counts {
  readonly nodeCount: number;
  readonly edgeCount: number;
  readonly indexCount: number;
}

function lessons(): { last: CaptureLesson | undefined } {
  return processWide('snapshot-lessons', () => ({ last: undefined }));
}

/** Tells the model what a real capture cost; later predictions start from there. */
export function learnFromCapture(lesson: CaptureLesson): void {
  lessons().last = lesson;
}

/** Predicts what a snapshot of a heap of this shape costs in this process; nothing is allocated to speak of, nothing waits. Never throws. */
export function predictSnapshotCost(
  heap: HeapShape,
  nodeMajor: number = Number.parseInt(process.versions.node, 10),
): SnapshotCost {
  const coefficients = coefficientsOf(nodeMajor);
  const usual = countThings(heap, coefficients, usualDensity);
  const dearest = countThings(heap, coefficients, dearestDensity);
  const model = { usual: bytesOf(usual, coefficients), dearest: bytesOf(dearest, coefficients) };
  const pauseMs = pauseOf(usual, coefficients);
  const predicted: SnapshotCost = {
    ...usual,
    peakBytes: model.usual,
    peakUpperBytes: model.dearest,
    residueBytes: model.dearest,
    trimmedResidueBytes: trimmedResidue(model.dearest),
    pauseMs,
    pauseUpperMs: Math.round(pauseOf(dearest, coefficients) * PAUSE_MARGIN_RATIO),
    fileBytes: FILE_FLAT_BYTES + Math.round(dearest.nodeCount * coefficients.fileBytesPerNode),
    basis: 'model',
  };
  const { last } = lessons();
  return last === undefined ? predicted : corrected(predicted, heap, last, coefficients);
}

/** A sampler that somebody else runs keeps V8 from freeing the names of a snapshot: then most of it stays. */
function trimmedResidue(peakBytes: number): number {
  if (isSamplingForeign()) return peakBytes;
  return Math.round(TRIMMED_RESIDUE_FLAT_BYTES + peakBytes * TRIMMED_RESIDUE_RATIO);
}

function countThings(heap: HeapShape, { base }: SnapshotCoefficients, density: HeapDensity): Counts {
  const bulkBytes = (heap.bulkBytes ?? 0) * density.trustedBulkRatio;
  const grownBytes = Math.max(0, heap.heapUsedBytes - bulkBytes - base.heapUsedBytes);
  const addedNodes = grownBytes / density.bytesPerNode;
  const largestBytes = Math.min(heap.largeObjectBytes, heap.largestObjectBytes ?? heap.largeObjectBytes);
  const slots = (largestBytes / SLOT_BYTES) * density.usedSlotsRatio;
  // Two numberings that overlap: an index that is in the array and in the table of internalized strings is one name.
  const indexes = Math.max(slots, base.indexCount) + grownBytes / density.bytesPerInternalized;
  return {
    nodeCount: Math.round(base.nodeCount + addedNodes),
    edgeCount: Math.round(base.edgeCount + addedNodes * density.edgesPerNode),
    indexCount: Math.round(indexes),
  };
}

function bytesOf(counts: Counts, coefficients: SnapshotCoefficients): number {
  return Math.round(
    coefficients.flatBytes +
      counts.nodeCount * coefficients.nodeBytes +
      counts.edgeCount * coefficients.edgeBytes +
      counts.indexCount * coefficients.indexBytes,
  );
}

function pauseOf(counts: Counts, { nodeMicros, indexMicros }: SnapshotCoefficients): number {
  return Math.round(PAUSE_FLAT_MS + (counts.nodeCount * nodeMicros + counts.indexCount * indexMicros) / 1000);
}

/** What was captured costs what it cost; only what has grown since is predicted, at the model's own margin between expected and worst. */
function corrected(
  model: SnapshotCost,
  heap: HeapShape,
  last: CaptureLesson,
  coefficients: SnapshotCoefficients,
): SnapshotCost {
  if (last.heapUsedBytes <= 0 || last.nodeCount <= 0) return model;
  const growthRatio = Math.max(1, heap.heapUsedBytes / last.heapUsedBytes);
  const grownBytes = Math.max(0, heap.heapUsedBytes - last.heapUsedBytes);
  const peakBytes = Math.round(last.peakBytes * growthRatio);
  const shareOfGrowth = heap.heapUsedBytes > 0 ? grownBytes / heap.heapUsedBytes : 0;
  const worst = last.peakBytes * LESSON_MARGIN_RATIO + model.peakUpperBytes * shareOfGrowth;
  const peakUpperBytes = Math.round(Math.max(peakBytes, Math.min(model.peakUpperBytes, worst)));
  const pauseMs = Math.round(last.pauseMs * growthRatio);
  const nodeCount = Math.round(last.nodeCount * growthRatio);
  const edgeCount = Math.round(last.edgeCount * growthRatio);
  const named = peakBytes - bytesOf({ nodeCount, edgeCount, indexCount: 0 }, coefficients);
  return {
    nodeCount,
    edgeCount,
    indexCount: Math.round(Math.max(0, named / coefficients.indexBytes)),
    peakBytes,
    peakUpperBytes,
    residueBytes: peakUpperBytes,
    trimmedResidueBytes: trimmedResidue(peakUpperBytes),
    pauseMs,
    pauseUpperMs: Math.round(pauseMs * PAUSE_MARGIN_RATIO),
    fileBytes: FILE_FLAT_BYTES + Math.round(nodeCount * coefficients.fileBytesPerNode * LESSON_MARGIN_RATIO),
    basis: 'capture',
  };
}
