import type { SnapshotAnalysis } from '../answers/analysis.ts';
import { formatCount, formatSize } from '../answers/sentence.ts';
import type { Suspect } from '../answers/suspect.ts';
import type { SnapshotDiff } from '../diff/diff.ts';
import { type ReportTable, analysisTables, growthTable } from './sections.ts';
import { markdownTable, textTable } from './text-table.ts';

/** How a report is printed. */
export type PrintForm = 'text' | 'markdown';

/** An analysis for a terminal or as Markdown. */
export function printAnalysis(analysis: SnapshotAnalysis, form: PrintForm = 'text'): string {
  const head = `Heap of ${formatSize(analysis.heapBytes)}: ${formatCount(analysis.nodeCount)} objects, ${formatCount(analysis.edgeCount)} references, a file of ${formatSize(analysis.fileBytes)}.`;
  return [
    `${head}\n`,
    printSuspects(analysis.suspects, 'What holds the heap', noSuspect, form),
    ...analysisTables(analysis).map((table) => printTable(table, form)),
  ].join('\n');
}

/** A comparison for a terminal or as Markdown. */
export function printDiff(diff: SnapshotDiff, form: PrintForm = 'text'): string {
  const head = `Heap in ${diff.heapBytes.length} snapshots: ${diff.heapBytes.map(formatSize).join(' → ')}.`;
  return [
    `${head}\n`,
    printSuspects(diff.growing, 'What grows', noGrowth, form),
    printTable(growthTable(diff), form),
  ].join('\n');
}

const noSuspect = 'No single container, chain or object holds a large part of it.';
const noGrowth = 'No container that was there before kept what was added to it.';

/** Sentences with their paths, or one that says that there are none. */
export function printSuspects(
  suspects: readonly Suspect[],
  title: string,
  none: string,
  form: PrintForm,
): string {
  const isMarkdown = form === 'markdown';
  const heading = isMarkdown ? `## ${title}\n\n` : `${title}\n`;
  if (suspects.length === 0) return `${heading}${isMarkdown ? '' : '  '}${none}\n`;
  const lines = suspects.map((suspect, at) => {
    const path = suspect.path.map((step) => `${step.edge} ${step.className}`).join(' → ');
    return isMarkdown
      ? `${at + 1}. ${suspect.sentence}\n   \`${path.replaceAll('`', "'")}\`\n`
      : `  ${at + 1}. ${suspect.sentence}\n     @${suspect.containerId}, by way of ${path}\n`;
  });
  return heading + lines.join('');
}

function printTable(table: ReportTable, form: PrintForm): string {
  if (form === 'markdown') return `## ${table.title}\n\n${markdownTable(table.head, table.rows)}`;
  return `${table.title}\n${textTable(table.head, table.rows)}`;
}
