import { formatBytes, type MemorySample } from '@plimsoll/memory';
import type { EpisodeMoment } from '../incident/incident-episode.ts';
import type { TriggerName } from '../incident/incident-name.ts';
import { usualVigilance, type Vigilance } from './vigilance.ts';

/** A reason to open an incident, as a name and a sentence with numbers. */
export interface Danger {
  readonly trigger: TriggerName;
  readonly sentence: string;
}

/** From where on a tick counts as dangerous. */
export interface DangerBounds {
  /** Working set as a share of the limit, 0..1. */
  readonly triggerRatio: number;
  /** Working set in bytes; null = only the share counts. */
  readonly triggerBytes: number | null;
  /**
   * From when on growth counts.
   * @default usualVigilance
   */
  readonly vigilance?: Vigilance;
}

/** From this share of its limit on the heap is what ends the process, whatever else grows. */
const fullHeapRatio = 0.7;

/**
 * Why this tick is dangerous, or undefined when it is not. The name is the most telling one: growth that is a verdict before a level that was merely reached.
 */
export function findDanger(moment: EpisodeMoment, bounds: DangerBounds): Danger | undefined {
  const { sample, level } = moment;
  const { horizonMs, settledMs, materialRatio, foresightRatio } = bounds.vigilance ?? usualVigilance;
  const usedBytes = unreclaimableBytes(moment);
  const isMaterial =
    usedBytes >= sample.limitBytes * materialRatio ||
    expectedFloorBytes(moment) >= sample.heapLimitBytes * materialRatio;
  const passed = passedBound(sample, usedBytes, bounds);
  const isDeep = isMaterial && (level === 'critical' || level === 'terminal');
  const growing = growingSeries(moment);
  if (growing !== undefined) {
    const foreseenMs = Math.min(horizonMs, growing.spanMs * foresightRatio);
    const isNear = growing.spanMs >= settledMs && growing.timeToLimitMs <= foreseenMs;
    if (isNear || isMaterial || passed !== undefined) {
      return { trigger: growing.trigger, sentence: `${growthSentence(growing)}: ${describeState(sample)}.` };
    }
  }
  if (isDeep) {
    return { trigger: level, sentence: `The pressure level is ${level}: ${describeState(sample)}.` };
  }
  return passed && { trigger: passed.trigger, sentence: `${passed.what}: ${describeState(sample)}.` };
}

/** `The heap after garbage collection grows by 9.5 MiB a second and reaches its limit in 10 s` */
export function growthSentence(growing: GrowingSeries): string {
  return `${growing.what} grows by ${formatBytes(growing.slopeBytesPerSecond)} a second${inTime(growing.timeToLimitMs)}`;
}

/**
 * What cannot be had back. A heap that fits the container even when it is full is counted by its floor: the rest of it is garbage for most of a healthy life.
 */
export function unreclaimableBytes({ sample, trend, isHeapContained }: EpisodeMoment): number {
  if (!isHeapContained) return sample.workingSetBytes;
  return Math.max(0, sample.workingSetBytes - sample.heapCommittedBytes) + trend.floorBytes;
}

/** The floor of the heap as it must be by now: a heap that grows by verdict grows between two collections too, of which a pure leak sees five in its life. */
function expectedFloorBytes({ sample, trend }: EpisodeMoment): number {
  const { verdict, slopeLowBytesPerSecond, lastPointMs } = trend.heapFloor;
  if (verdict !== 'growing' || !Number.isFinite(lastPointMs)) return trend.floorBytes;
  const grownBytes = (slopeLowBytesPerSecond * Math.max(0, sample.monotonicMs - lastPointMs)) / 1000;
  return Math.min(sample.heapUsedBytes, trend.floorBytes + Math.max(0, grownBytes));
}

/** `working set 120 MiB of 256 MiB, heap 80 MiB of 191 MiB` */
export function describeState(sample: MemorySample): string {
  return (
    `working set ${formatBytes(sample.workingSetBytes)} of ${formatBytes(sample.limitBytes)}, ` +
    `heap ${formatBytes(sample.heapUsedBytes)} of ${formatBytes(sample.heapLimitBytes)}, ` +
    `Buffers and other external memory ${formatBytes(sample.externalBytes)}`
  );
}

/** A series that grows by verdict. */
export interface GrowingSeries {
  readonly trigger: 'growth' | 'off-heap';
  readonly what: string;
  readonly slopeBytesPerSecond: number;
  readonly timeToLimitMs: number;
  readonly spanMs: number;
}

/** The series that grows by verdict, of two the one that meets its limit first; memory beside a heap that is full already is not what ends the process. */
export function growingSeries({ sample, trend }: EpisodeMoment): GrowingSeries | undefined {
  const { heapFloor, offHeap } = trend;
  const isHeapFull = trend.floorBytes >= sample.heapLimitBytes * fullHeapRatio;
  const offHeapGrows = offHeap.verdict === 'growing' && !isHeapFull;
  if (heapFloor.verdict === 'growing' && !(offHeapGrows && offHeap.timeToLimitMs < heapFloor.timeToLimitMs)) {
    return { trigger: 'growth', what: 'The heap after garbage collection', ...heapFloor };
  }
  return offHeapGrows ? { trigger: 'off-heap', what: 'Memory outside the heap', ...offHeap } : undefined;
}

function passedBound(
  sample: MemorySample,
  usedBytes: number,
  { triggerRatio, triggerBytes }: DangerBounds,
): { trigger: TriggerName; what: string } | undefined {
  if (triggerBytes !== null && usedBytes >= triggerBytes) {
    return { trigger: 'bytes', what: `${formatBytes(triggerBytes)} are in use` };
  }
  if (usedBytes >= sample.limitBytes * triggerRatio) {
    return { trigger: 'ratio', what: `${Math.round(triggerRatio * 100)} % of the limit are in use` };
  }
  return undefined;
}

/** ` and reaches its limit in 40 s`, or nothing when it never does. */
function inTime(timeToLimitMs: number): string {
  if (!Number.isFinite(timeToLimitMs)) return '';
  const seconds = Math.max(0, Math.round(timeToLimitMs / 1000));
  const time =
    seconds < 120
      ? `${seconds} s`
      : seconds < 7200
        ? `${Math.round(seconds / 60)} min`
        : `${Math.round(seconds / 3600)} h`;
  return ` and reaches its limit in ${time}`;
}
