import {
  type AllocationProfile,
  type HeapShape,
  judgeSnapshot,
  mallocTrim,
  predictSnapshotCost,
  readHeapShape,
  type SnapshotFileWriter,
  type SnapshotVerdict,
  verifyHeapSnapshot,
  writeHeapSnapshot,
} from '@plimsoll/inspect';
import {
  oldSpaceLimitBytes,
  journal,
  mib,
  type MemorySample,
  type MemoryTrend,
  type SeriesTrend,
} from '@plimsoll/memory';
import type { EpisodeMoment, IncidentEpisode } from '../incident/incident-episode.ts';
import type { CaptureSlots } from '../incident/capture-slots.ts';
import { sha256OfFile } from '../incident/manifest.ts';
import { CaptureResidue } from './capture-residue.ts';
import type { CpuShare } from './cpu-share.ts';
import { type IncidentStore, noRoomSentence } from '../incident/incident-store.ts';

/** Snapshots kept of one incident: a baseline, one on the way and the newest. */
const keptCount = 3;

/** What a {@link SnapshotRung} has to keep to. */
export interface SnapshotTerms {
  readonly store: IncidentStore;
  readonly slots: CaptureSlots;
  readonly hostName: string;
  readonly cpuQuotaCores: number;
  /** What this process really gets of a core, beside others on its node. */
  readonly cpuShare: CpuShare;
  /** What other heaps of this process may still grow by: the residue must fit beside them as well. */
  readonly reservedBytes?: (() => number) | undefined;
  /** What makes the file; Node.js when it is left out. */
  readonly write?: SnapshotFileWriter | undefined;
  /** The longest the service may stand still. */
  readonly maxPauseMs: number;
}

/** What a snapshot would come to. */
export interface SnapshotForecast extends SnapshotVerdict {
  /** The largest live heap at which one could still be afforded; 0 when none can. */
  readonly affordableToHeapBytes: number;
}

/** The dearest rung: a heap snapshot, taken only when its peak, what it leaves and its pause all fit. */
export class SnapshotRung {
  readonly #terms: SnapshotTerms;
  readonly #residue = new CaptureResidue();

  constructor(terms: SnapshotTerms) {
    this.#terms = terms;
  }

  /** True when a snapshot of what is alive would fit now. 0.1 ms. */
  isAffordable({ sample, trend }: Pick<EpisodeMoment, 'sample' | 'trend'>): boolean {
    const shape = readHeapShape();
    const liveBytes = Math.min(shape.heapUsedBytes, trend.floorBytes);
    return this.#judge(scaled(shape, liveBytes), sample, trend).affordable;
  }

  /**
   * Takes a snapshot into the incident if everything fits; a refusal is written down with its numbers. `profile` was read just now, so the heap holds no
   * garbage and its largest array is known. Returns what was refused, or undefined when the snapshot was taken. Never throws.
   */
  take(
    episode: IncidentEpisode,
    { sample, trend }: EpisodeMoment,
    profile: AllocationProfile | undefined,
    maxPauseMs: number = this.#terms.maxPauseMs,
  ): readonly string[] | undefined {
    const shape = readHeapShape(profile);
    const verdict = this.#judge(shape, sample, trend, maxPauseMs);
    const reasons = [...verdict.reasons];
    const fileBytes = verdict.numbers['fileBytes'] ?? predictSnapshotCost(shape).fileBytes;
    try {
      const { store, slots, hostName } = this.#terms;
      if (reasons.length === 0 && !store.makeRoom(hostName, fileBytes, 0, episode.folder.name)) {
        reasons.push(`${noRoomSentence(fileBytes, store.room())}.`);
      }
      if (reasons.length === 0) {
        using slot = slots.take();
        if (slot !== undefined) {
          this.#write(episode, sample, verdict);
          return undefined;
        }
        reasons.push(
          'Two other processes that write to this folder are taking a heap snapshot at this moment.',
        );
      }
    } catch (error) {
      reasons.push(error instanceof Error ? error.message : String(error));
    }
    episode.addRefusal({ atMs: Date.now(), rung: 'snapshot', reasons, numbers: verdict.numbers });
    journal().write('capture', 'snapshot-refused', { reasons: reasons.join(' '), ...verdict.numbers });
    return reasons;
  }

  /** Counts every node and edge of a snapshot against its header, in small slices; one that is not whole is removed. Never rejects. */
  async verify(episode: IncidentEpisode, fileName: string): Promise<boolean> {
    const check = await verifyHeapSnapshot(episode.folder.filePath(fileName));
    const capture = episode.captures.find(({ file }) => file === fileName);
    journal().write('capture', check.valid ? 'snapshot-whole' : 'snapshot-broken', {
      fileBytes: check.fileBytes,
      nodeCount: check.nodeCount,
      edgeCount: check.edgeCount,
      fault: check.fault ?? null,
    });
    if (capture === undefined) return false;
    if (!check.valid) {
      episode.dropCapture(fileName);
      return false;
    }
    episode.addCapture({ ...capture, check: 'whole' });
    return true;
  }

  /** Takes the digest of a snapshot for the manifest, piece by piece. Never rejects. */
  async digest({ folder }: IncidentEpisode, fileName: string): Promise<void> {
    try {
      folder.setDigest(fileName, await sha256OfFile(folder.filePath(fileName)));
    } catch {
      // Removed meanwhile, by a person or by the quota: the next writing lists what is there.
    }
  }

  /**
   * What a snapshot would come to now, and up to which live heap one could still be afforded when nothing else changes. The heap is taken with its garbage,
   * so it is the worst case.
   */
  forecast({ sample, trend }: EpisodeMoment, maxPauseMs: number = this.#terms.maxPauseMs): SnapshotForecast {
    const shape = readHeapShape();
    const verdict = this.#judge(shape, sample, trend, maxPauseMs);
    const isAffordableAt = (heapUsedBytes: number): boolean => {
      const later = laterSample(sample, Math.max(0, heapUsedBytes - sample.heapCommittedBytes));
      return this.#judge(scaled(shape, heapUsedBytes), later, trend, maxPauseMs).affordable;
    };
    let lowBytes = 0;
    let highBytes = sample.heapLimitBytes;
    while (highBytes - lowBytes > mib(1)) {
      const middleBytes = (lowBytes + highBytes) / 2;
      if (isAffordableAt(middleBytes)) lowBytes = middleBytes;
      else highBytes = middleBytes;
    }
    return { ...verdict, affordableToHeapBytes: Math.floor(lowBytes) };
  }

  #judge(
    shape: HeapShape,
    sample: MemorySample,
    trend: MemoryTrend,
    maxPauseMs: number = this.#terms.maxPauseMs,
  ): SnapshotVerdict {
    const { store, cpuQuotaCores, cpuShare, reservedBytes } = this.#terms;
    const cost = predictSnapshotCost(shape);
    return judgeSnapshot({
      cost,
      sample,
      plannedHeapBytes: expectedHeapBytes(sample, trend) + (reservedBytes?.() ?? 0),
      // While this thread stands still its own heap does not grow; what is outside may, from other threads and processes.
      growthBytesPerSecond: trend.offHeap.verdict === 'growing' ? growthOf(trend.offHeap) : 0,
      cpuQuotaCores: Math.min(cpuQuotaCores, cpuShare.ratio),
      maxPauseMs,
      trimAvailable: mallocTrim().available,
      reusableBytes: this.#residue.reusableBytes(sample),
      fileInMemoryBytes: store.isMemoryBacked ? cost.fileBytes : 0,
    });
  }

  #write(episode: IncidentEpisode, before: MemorySample, verdict: SnapshotVerdict): void {
    const fileName = `heap-${episode.nextSnapshotNumber()}.heapsnapshot`;
    const result = writeHeapSnapshot(episode.folder.partialPath(fileName), this.#terms.write);
    this.#residue.note(result, before);
    const file = episode.folder.adoptSnapshot(fileName, 'the whole heap, for Chrome DevTools; holds strings');
    episode.addCapture({
      atMs: Date.now(),
      rung: 'snapshot',
      file: fileName,
      fileBytes: file.fileBytes,
      pauseMs: result.pauseMs,
      numbers: {
        ...prefixed('predicted', verdict.numbers),
        nodeCount: result.nodeCount,
        edgeCount: result.edgeCount,
        residentBeforeBytes: result.residentBeforeBytes,
        residentPeakBytes: result.residentPeakBytes,
        residentAfterBytes: result.residentAfterBytes,
        trimmed: result.trimmed ? 1 : 0,
      },
      check: 'pending',
    });
    // The baseline, the one before and the newest say where it grows; the ones between say nothing more.
    const [, ...later] = episode.captures.filter(({ rung }) => rung === 'snapshot');
    for (const { file: name } of later.slice(0, -(keptCount - 1))) episode.dropCapture(name);
  }
}

/**
 * The heap that what a snapshot leaves must fit beside: the one V8 may grow to. Where memory outside the heap grows and the heap does not, that heap will never be:
 * what grows has taken its room already, and names itself in no other file.
 */
function expectedHeapBytes(sample: MemorySample, { heapFloor, offHeap }: MemoryTrend): number {
  const isOffHeapAlone = offHeap.verdict === 'growing' && heapFloor.verdict !== 'growing';
  if (isOffHeapAlone) return sample.heapCommittedBytes;
  const oldSpaceBytes = oldSpaceLimitBytes(sample.heapLimitBytes);
  // Of the three semi-spaces that V8 counts one is in use when old space is full, as in the plan.
  return Math.round(oldSpaceBytes + (sample.heapLimitBytes - oldSpaceBytes) / 3);
}

/** Bytes a second a series grows by, at most as far as is known; never negative. */
function growthOf(series: SeriesTrend): number {
  const { slopeBytesPerSecond, slopeHighBytesPerSecond } = series;
  return Math.max(
    0,
    Number.isFinite(slopeHighBytesPerSecond) ? slopeHighBytesPerSecond : slopeBytesPerSecond,
  );
}

/** The same heap with `heapUsedBytes` bytes, its arrays grown alike. */
function scaled(shape: HeapShape, heapUsedBytes: number): HeapShape {
  const ratio = shape.heapUsedBytes > 0 ? heapUsedBytes / shape.heapUsedBytes : 1;
  return { heapUsedBytes, largeObjectBytes: shape.largeObjectBytes * ratio };
}

function laterSample(sample: MemorySample, grownBytes: number): MemorySample {
  return {
    ...sample,
    workingSetBytes: sample.workingSetBytes + grownBytes,
    headroomBytes: sample.headroomBytes - grownBytes,
  };
}

function prefixed(prefix: string, numbers: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(numbers).map(([name, value]) => [
      `${prefix}${name.charAt(0).toUpperCase()}${name.slice(1)}`,
      value,
    ]),
  );
}
