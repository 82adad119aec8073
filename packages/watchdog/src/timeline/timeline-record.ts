import { type MemorySample, type PressureLevel, pressureLevels } from '@plimsoll/memory';

/** One line of the timeline: what one tick saw, as kept in the ring file and in timeline.csv. */
export interface TimelineRecord {
  /** Milliseconds since the epoch. */
  readonly atMs: number;
  readonly level: PressureLevel;
  readonly limitBytes: number;
  readonly workingSetBytes: number;
  readonly headroomBytes: number;
  readonly rssBytes: number;
  readonly heapUsedBytes: number;
  readonly heapCommittedBytes: number;
  readonly heapLimitBytes: number;
  readonly externalBytes: number;
  readonly arrayBuffersBytes: number;
  readonly otherNativeBytes: number;
  readonly otherProcessesBytes: number;
  /** How often the kernel met the limit since the cgroup was made. */
  readonly limitHitCount: number;
}

/** Doubles of one record in the file: its number first and last, so that a half-written record is known. */
const fieldCount = 16;

/** Bytes of one record: two cache lines, and a record never crosses a page. */
export const recordBytes: number = fieldCount * 8;

/** Writes `sample` into `view` at `offsetBytes` as record `number` (from 1). Allocates nothing. */
export function encodeRecord(
  view: DataView,
  offsetBytes: number,
  number: number,
  sample: MemorySample,
  level: PressureLevel,
): void {
  view.setFloat64(offsetBytes, number, true);
  view.setFloat64(offsetBytes + 8, sample.atMs, true);
  view.setFloat64(offsetBytes + 16, pressureLevels.indexOf(level), true);
  view.setFloat64(offsetBytes + 24, sample.limitBytes, true);
  view.setFloat64(offsetBytes + 32, sample.workingSetBytes, true);
  view.setFloat64(offsetBytes + 40, sample.headroomBytes, true);
  view.setFloat64(offsetBytes + 48, sample.rssBytes, true);
  view.setFloat64(offsetBytes + 56, sample.heapUsedBytes, true);
  view.setFloat64(offsetBytes + 64, sample.heapCommittedBytes, true);
  view.setFloat64(offsetBytes + 72, sample.heapLimitBytes, true);
  view.setFloat64(offsetBytes + 80, sample.externalBytes, true);
  view.setFloat64(offsetBytes + 88, sample.arrayBuffersBytes, true);
  view.setFloat64(offsetBytes + 96, sample.otherNativeBytes, true);
  view.setFloat64(offsetBytes + 104, sample.otherProcessesBytes, true);
  view.setFloat64(offsetBytes + 112, sample.kernel.limitHitCount, true);
  view.setFloat64(offsetBytes + 120, number, true);
}

/** The record at `offsetBytes` and its number, or undefined when nothing whole is there. */
export function decodeRecord(
  view: DataView,
  offsetBytes: number,
): { number: number; record: TimelineRecord } | undefined {
  const field = (index: number): number => view.getFloat64(offsetBytes + index * 8, true);
  const number = field(0);
  const level = pressureLevels[field(2)];
  if (!(number >= 1) || number !== field(15) || level === undefined) return undefined;
  return {
    number,
    record: {
      atMs: field(1),
      level,
      limitBytes: field(3),
      workingSetBytes: field(4),
      headroomBytes: field(5),
      rssBytes: field(6),
      heapUsedBytes: field(7),
      heapCommittedBytes: field(8),
      heapLimitBytes: field(9),
      externalBytes: field(10),
      arrayBuffersBytes: field(11),
      otherNativeBytes: field(12),
      otherProcessesBytes: field(13),
      limitHitCount: field(14),
    },
  };
}
