import { formatBytes, type PressureLevel, pressureLevels } from '@plimsoll/memory';
import type { TimelineRecord } from './timeline-record.ts';

/** How far back the growth before an end is looked at. */
const spanMs = 60_000;
/** A part that grew by less than this, or by less than a twentieth of the growth, is not named. */
const leastBytes: number = 1024 * 1024;
const leastRatio = 0.05;

const parts = [
  ['heapUsedBytes', 'the heap'],
  ['externalBytes', 'Buffers and other external memory'],
  ['otherNativeBytes', 'other native memory'],
  ['otherProcessesBytes', 'other processes'],
] as const satisfies readonly (readonly [keyof TimelineRecord, string])[];

/** What grew in the last minute of `records`, largest first: `In its last 58 s the heap grew by 90 MiB, other native memory by 4 MiB.` Empty when nothing did. */
export function growthBeforeEnd(records: readonly TimelineRecord[]): string {
  const last = records.at(-1);
  const first = records.find(({ atMs }) => last !== undefined && last.atMs - atMs <= spanMs);
  if (last === undefined || first === undefined || first === last) return '';
  const grown = parts
    .map(([field, what]) => ({ what, bytes: last[field] - first[field] }))
    .filter(({ bytes }) => bytes >= leastBytes)
    .sort((a, b) => b.bytes - a.bytes);
  const least = (grown[0]?.bytes ?? 0) * leastRatio;
  const named = grown.filter(({ bytes }) => bytes >= least);
  if (named.length === 0) return '';
  const words = named.map(
    ({ what, bytes }, index) => `${what} ${index === 0 ? 'grew ' : ''}by ${formatBytes(bytes)}`,
  );
  return `In its last ${Math.max(1, Math.round((last.atMs - first.atMs) / 1000))} s ${words.join(', ')}.`;
}

/** Bytes a second by which the working set grew over the last `overMs` of `records`; 0 when it did not, or too little is known. */
export function slopeAtEnd(records: readonly TimelineRecord[], overMs: number): number {
  const last = records.at(-1);
  const first = records.find(({ atMs }) => last !== undefined && last.atMs - atMs <= overMs);
  if (last === undefined || first === undefined || last.atMs <= first.atMs) return 0;
  return Math.max(0, ((last.workingSetBytes - first.workingSetBytes) * 1000) / (last.atMs - first.atMs));
}

/** The deepest level of `records`. */
export function deepestLevelOf(records: readonly TimelineRecord[]): PressureLevel {
  const deepest = records.reduce((index, { level }) => Math.max(index, pressureLevels.indexOf(level)), 0);
  return pressureLevels[deepest] ?? 'normal';
}
