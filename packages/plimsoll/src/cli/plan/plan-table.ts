import { type JudgedSizing, type SizingComparison } from '@plimsoll/heap';
import { formatBytes, mib } from '@plimsoll/memory';

/** What a verdict means for the service, in the words of the table. */
const ends = {
  killed: 'kernel or livelock',
  tight: 'no room for evidence',
  wasteful: 'memory unused',
  fits: 'fits',
} as const;

/** The comparison as a table: one line per limit, old spaces in MiB. */
export function planTable(rows: readonly SizingComparison[]): string {
  const cells = [
    ['limit', 'plan', 'V8’s default', '', '75 % rule', ''],
    ...rows.map(({ limitBytes, planned, byDefault, threeQuarters }) => [
      formatBytes(limitBytes),
      planned === undefined ? 'no heap fits' : inMib(planned),
      inMib(byDefault),
      ends[byDefault.verdict],
      inMib(threeQuarters),
      ends[threeQuarters.verdict],
    ]),
  ];
  const widths =
    cells[0]?.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0))) ?? [];
  const isWords = (column: number): boolean => column === 3 || column === 5;
  const lines = cells.map((row) =>
    row
      .map((cell, column) =>
        isWords(column) ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
  return `${lines.join('\n')}\n\nOld space in MiB. What a full heap of that size comes to in the container, by the reserves of the plan.\n`;
}

function inMib({ oldSpaceBytes }: JudgedSizing): string {
  return String(Math.floor(oldSpaceBytes / mib(1)));
}
