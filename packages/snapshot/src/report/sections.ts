import { basename } from 'node:path';

import type { SnapshotAnalysis } from '../answers/analysis.ts';
import { formatCount, formatShare, formatSize, nameHolder } from '../answers/sentence.ts';
import type { SnapshotDiff } from '../diff/diff.ts';

/** One table of a report, in whatever form it is printed. */
export interface ReportTable {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** How many rows a table of a printed report shows. */
const maxRows = 15;

/** The tables of an analysis, empty ones left out. */
export function analysisTables(analysis: SnapshotAnalysis): ReportTable[] {
  const share = (bytes: number): string => formatShare(bytes / analysis.heapBytes);
  const tables: ReportTable[] = [
    {
      title: 'Biggest classes',
      head: ['class', 'count', 'self', 'retained', 'of the heap'],
      rows: analysis.classes.map((one) => [
        one.name,
        formatCount(one.count),
        formatSize(one.selfBytes),
        formatSize(one.retainedBytes),
        share(one.retainedBytes),
      ]),
    },
    {
      title: 'Biggest dominators',
      head: ['object', 'id', 'self', 'retained', 'of the heap'],
      rows: analysis.dominators.map((one) => [
        nameHolder(one.className, one.place.name, one.place.file),
        `@${one.id}`,
        formatSize(one.selfBytes),
        formatSize(one.retainedBytes),
        formatShare(one.heapRatio),
      ]),
    },
    {
      title: `Duplicated strings (${formatSize(analysis.duplicateStrings.wastedBytes)} in all)`,
      head: ['text', 'copies', 'wasted'],
      rows: analysis.duplicateStrings.strings.map((one) => [
        JSON.stringify(one.text).slice(1, -1),
        formatCount(one.count),
        formatSize(one.wastedBytes),
      ]),
    },
    {
      title: 'Stores with much room and few references (the rest is room, holes or small numbers)',
      head: ['store', 'slots', 'references', 'size'],
      rows: analysis.roomyStores.map((one) => [
        nameHolder(one.className, one.place.name, one.place.file),
        formatCount(one.slotCount),
        formatCount(one.referenceCount),
        formatSize(one.selfBytes),
      ]),
    },
    {
      title: 'Listeners',
      head: ['event', 'listeners', 'emitters', 'most on one'],
      rows: analysis.listeners.map((one) => [
        `"${one.event}" on ${one.emitterClass}`,
        formatCount(one.listenerCount),
        formatCount(one.emitterCount),
        formatCount(one.mostOnOne),
      ]),
    },
    {
      title: 'Functions by where they were written',
      head: ['function', 'count', 'retained'],
      rows: analysis.closures.map((one) => [
        `${one.functionName === '' ? '(anonymous)' : one.functionName} ${basename(one.file)}:${one.line}:${one.column}`,
        formatCount(one.count),
        formatSize(one.retainedBytes),
      ]),
    },
    {
      title: 'Native contexts',
      head: ['context', 'retained', 'state'],
      rows: analysis.realms.map((one) => [
        `@${one.id}`,
        formatSize(one.retainedBytes),
        one.isDetached ? 'detached' : 'held',
      ]),
    },
    {
      title: `Outside the JavaScript heap (${formatSize(analysis.native.totalBytes)}, of it ${formatSize(analysis.native.arrayBufferBytes)} behind Buffers)`,
      head: ['block', 'count', 'size'],
      rows: analysis.native.groups.map((one) => [
        one.name,
        formatCount(one.count),
        formatSize(one.selfBytes),
      ]),
    },
  ];
  return tables
    .filter((table) => table.rows.length > 0)
    .map((table) => ({ ...table, rows: table.rows.slice(0, maxRows) }));
}

/** The table of classes that grew. */
export function growthTable(diff: SnapshotDiff): ReportTable {
  return {
    title: 'Classes that grew',
    head: ['class', ...diff.heapBytes.map((_, at) => `count ${at + 1}`), 'bytes gained'],
    rows: diff.classes
      .slice(0, maxRows)
      .map((one) => [
        one.name,
        ...one.counts.map(formatCount),
        formatSize((one.selfBytes.at(-1) ?? 0) - one.selfBytes[0]),
      ]),
  };
}
