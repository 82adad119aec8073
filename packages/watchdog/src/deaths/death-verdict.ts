import { formatBytes, type KernelCounters, type PressureLevel } from '@plimsoll/memory';
import { readInFlight } from '../in-flight/in-flight-file.ts';
import { type InFlightReport, requestText } from '../in-flight/in-flight-request.ts';
import type { DeadRun } from '../run/run-folder.ts';
import { deepestLevelOf, growthBeforeEnd, slopeAtEnd } from '../timeline/timeline-growth.ts';
import type { TimelineRecord } from '../timeline/timeline-record.ts';
import { readTimeline } from '../timeline/timeline-ring.ts';
import { readEndMark } from './end-mark.ts';

/** A process that ended with less than this of the container or of V8's heap left died of memory as far as anybody can tell. */
const emptyRatio = 0.25;
/** Growth that would have filled the container within this after the last tick is a death of memory as well: ticks are up to 1 s apart, and the kernel is faster. */
const soonMs = 5000;
const slopeOverMs = 3000;
/** A body that is read, decoded and parsed takes about this many times its length: bytes, text, objects (2 to 8). */
const parsedFactor = 5;

/** What is known of the last tick of a process. */
export type LastSeen = Omit<TimelineRecord, 'limitHitCount'>;

/** Of what a process died that could not say so. */
export interface DeathVerdict {
  readonly isMemory: boolean;
  /** `memory: the kernel has killed 1 process of this container`, `not memory: last headroom 61 %`. */
  readonly because: string;
  readonly last: LastSeen;
  readonly deepestLevel: PressureLevel;
  /** What grew before the end, in a sentence; empty when nothing did. */
  readonly growth: string;
  /** What the process was answering when it last wrote so. */
  readonly requests: InFlightReport | undefined;
  /** Share of the limit that was in use, and of V8's heap limit. */
  readonly usedRatio: number;
  readonly heapRatio: number;
  /** A death of memory that no tick saw coming: one stretch of code held the event loop from a healthy tick to the end. */
  readonly isUnseen: boolean;
}

/**
 * Judges a death by what its process has left: the last tick, the growth before it, and what the kernel has counted since. `kernelNow` are the counters of this moment;
 * a container that was made anew counts from 0, and then they say nothing.
 */
export function judgeDeath({ path, status, timelinePath }: DeadRun, kernelNow: KernelCounters): DeathVerdict {
  const records = readRecords(timelinePath);
  const last: LastSeen = records.at(-1) ?? { ...status.sample, level: status.level };
  const usedRatio = last.workingSetBytes / last.limitBytes;
  const heapRatio = last.heapUsedBytes / last.heapLimitBytes;
  const killCount = kernelNow.oomKillCount - status.sample.kernel.oomKillCount;
  const slopeBytesPerSecond = slopeAtEnd(records, slopeOverMs);
  const requests = readInFlight(path);
  const endedAtMs = readEndMark(path, last.atMs);
  const known = {
    last,
    requests,
    deepestLevel: records.length === 0 ? last.level : deepestLevelOf(records),
    growth: growthBeforeEnd(records),
    usedRatio,
    heapRatio,
  };
  const because =
    endedAtMs === undefined
      ? memoryReason(last, { killCount, heapRatio, slopeBytesPerSecond, requests })
      : endedByV8(endedAtMs - last.atMs);
  if (because !== undefined) {
    const isUnseen = last.level === 'normal' && last.headroomBytes >= last.limitBytes * emptyRatio;
    return { isMemory: true, because, isUnseen, ...known };
  }
  const leftPercent = Math.round((last.headroomBytes / last.limitBytes) * 100);
  return {
    isMemory: false,
    because: `not memory: last headroom ${leftPercent} %`,
    isUnseen: false,
    ...known,
  };
}

/** `memory: V8 ended it by a fatal error 8.1 s later, as it does at its heap limit; no tick came in between` */
function endedByV8(silentMs: number): string {
  return `memory: V8 ended it by a fatal error ${(silentMs / 1000).toFixed(1)} s later, as it does at its heap limit; no tick came in between`;
}

function memoryReason(
  last: LastSeen,
  seen: {
    killCount: number;
    heapRatio: number;
    slopeBytesPerSecond: number;
    requests: InFlightReport | undefined;
  },
): string | undefined {
  const { killCount, heapRatio, slopeBytesPerSecond, requests } = seen;
  if (killCount > 0) {
    return `memory: the kernel has killed ${killCount === 1 ? 'a process' : `${killCount} processes`} of this container since`;
  }
  if (last.headroomBytes < last.limitBytes * emptyRatio) {
    return `memory: last headroom ${formatBytes(Math.max(0, last.headroomBytes))}`;
  }
  if (heapRatio > 1 - emptyRatio)
    return `memory: ${Math.round(heapRatio * 100)} % of V8’s heap limit were in use`;
  if (last.level !== 'normal') return `memory: the pressure level was ${last.level}`;
  if (slopeBytesPerSecond * (soonMs / 1000) > last.headroomBytes) {
    return `memory: it grew by ${formatBytes(slopeBytesPerSecond)} a second, with ${formatBytes(last.headroomBytes)} left`;
  }
  const [heaviest] = requests?.suspects ?? [];
  const bodyBytes = heaviest?.contentLengthBytes ?? 0;
  const roomBytes = Math.min(last.headroomBytes, last.heapLimitBytes - last.heapUsedBytes);
  if (heaviest !== undefined && bodyBytes * parsedFactor > roomBytes) {
    return `perhaps memory: ${requestText(heaviest)}, was in flight, with room for ${formatBytes(roomBytes)}`;
  }
  return undefined;
}

function readRecords(timelinePath: string): readonly TimelineRecord[] {
  try {
    return readTimeline(timelinePath);
  } catch {
    // Killed while it was made, or already gone: status.json has the last number known.
    return [];
  }
}
