import { formatBytes, type MemorySample } from '@plimsoll/memory';
import type { SnapshotCost } from './snapshot-cost.ts';

/** What {@link judgeSnapshot} weighs. */
export interface JudgeSnapshotOptions {
  readonly cost: SnapshotCost;
  readonly sample: MemorySample;
  /** The heap the service may grow to by its plan: V8's own limit. What a snapshot leaves resident must fit beside this heap when it is full. */
  readonly plannedHeapBytes: number;
  /** Growth of the working set while the service stands still is 0 for this thread; other threads and processes go on. 0 when nothing grows. */
  readonly growthBytesPerSecond: number;
  /** CPU the container may use, in cores; below 1 a pause takes longer than its CPU time. */
  readonly cpuQuotaCores: number;
  /** The longest the service may stand still, in milliseconds. */
  readonly maxPauseMs: number;
  /** True when {@link mallocTrim} works here: then most of the residue goes back to the kernel. */
  readonly trimAvailable: boolean;
  /**
   * Bytes of the file that are charged to the container, because its folder lies in memory (tmpfs).
   * @default 0
   */
  readonly fileInMemoryBytes?: number;
  /**
   * Bytes that earlier snapshots have left in malloc: this one takes them first.
   * @default 0
   */
  readonly reusableBytes?: number;
}

/** Whether a snapshot may be taken now, and why not. */
export interface SnapshotVerdict {
  readonly affordable: boolean;
  /** One sentence with numbers for each thing that does not fit; empty when it is affordable. */
  readonly reasons: readonly string[];
  /** Everything that was weighed, for the journal. */
  readonly numbers: Readonly<Record<string, number>>;
}

/** Never spent: the kernel needs pages to read the code it has evicted. 2 % of the limit, at least 4 MiB. */
function untouchedBytes(limitBytes: number): number {
  return Math.max(4 * 1024 * 1024, Math.round(limitBytes * 0.02));
}

/**
 * Decides whether a snapshot of this cost fits: its peak into the headroom, what it leaves resident beside the full planned heap, and its pause at the container's
 * CPU quota. Memory at its worst, because too much of it kills; the pause as expected. Never throws.
 */
export function judgeSnapshot(options: JudgeSnapshotOptions): SnapshotVerdict {
  const { cost, sample, plannedHeapBytes, maxPauseMs } = options;
  const quotaCores = options.cpuQuotaCores > 0 ? options.cpuQuotaCores : 1;
  const pauseMs = Math.round(cost.pauseMs / Math.min(1, quotaCores));
  const growthBytes = Math.max(0, Math.round((options.growthBytesPerSecond * pauseMs) / 1000));
  const reserveBytes = untouchedBytes(sample.limitBytes);
  const fileInMemoryBytes = options.fileInMemoryBytes ?? 0;
  const reusableBytes = options.reusableBytes ?? 0;
  const peakBytes = Math.max(0, cost.peakUpperBytes - reusableBytes) + growthBytes + fileInMemoryBytes;
  const freeBytes = sample.headroomBytes - reserveBytes;
  // What was left before counts as used already.
  const addedBytes = options.trimAvailable
    ? cost.trimmedResidueBytes
    : Math.max(0, cost.residueBytes - reusableBytes);
  const residueBytes = addedBytes + fileInMemoryBytes;
  const besideHeapBytes = Math.max(0, sample.workingSetBytes - sample.heapCommittedBytes);
  const heapRoomBytes =
    sample.limitBytes -
    reserveBytes -
    besideHeapBytes -
    Math.max(plannedHeapBytes, sample.heapCommittedBytes);

  const reasons: string[] = [];
  if (!(peakBytes <= freeBytes)) {
    reasons.push(
      `A snapshot may need ${formatBytes(peakBytes)} at its peak; ${formatBytes(Math.max(0, freeBytes))} of ${formatBytes(sample.limitBytes)} can be used.`,
    );
  }
  if (!(residueBytes <= heapRoomBytes)) {
    const how = options.trimAvailable
      ? 'even after malloc_trim'
      : 'because nothing trims malloc (koffi is not installed)';
    reasons.push(
      `${formatBytes(residueBytes)} may stay resident afterwards, ${how}; beside the full planned heap of ${formatBytes(plannedHeapBytes)} there is room for ${formatBytes(Math.max(0, heapRoomBytes))}.`,
    );
  }
  if (!(pauseMs <= maxPauseMs)) {
    reasons.push(
      `The service would stand still for about ${pauseMs} ms at ${Number(quotaCores.toFixed(2))} ${quotaCores === 1 ? 'core' : 'cores'}; ${maxPauseMs} ms are allowed.`,
    );
  }
  const numbers = {
    nodeCount: cost.nodeCount,
    edgeCount: cost.edgeCount,
    indexCount: cost.indexCount,
    expectedPeakBytes: cost.peakBytes,
    peakBytes,
    freeBytes,
    residueBytes,
    heapRoomBytes,
    plannedHeapBytes,
    pauseMs,
    maxPauseMs,
    growthBytes,
    reusableBytes,
  };
  return { affordable: reasons.length === 0, reasons, numbers };
}
