import type { LoadCost, ModuleCostReport, PackageCost } from '@plimsoll/lazy';

const MIB = 1_048_576;
const BLIND_NOTE =
  'On Node.js 20 the hooks run on a thread of their own: which ES module pays for reading and compiling is a guess. Measure with 22.15 or later.\n';

/** The report as a table for a person. */
export function modulesText(report: ModuleCostReport): string {
  const { packages, unattributed, growth, seconds } = report;
  const head = ['package', 'files', 'cpu ms', 'heap MiB', 'anon MiB', 'with its own', 'asked for by', 'used'];
  const rows = packages.map((row) => [
    row.package,
    String(row.fileCount),
    ...costCells(row.self),
    mib(row.cumulative.anonymousBytes),
    row.askedBy.join(', '),
    usedWord(row),
  ]);
  rows.push(['(the loader)', '', ...costCells(unattributed), '', '', '']);
  rows.push(['total', '', ...costCells(growth), '', '', '']);
  const unused = packages.filter(({ used }) => used === false);
  const lines = table([head, ...rows]);
  const note =
    unused.length === 0
      ? `No package is without use in the first ${seconds} s.`
      : `Not used in the first ${seconds} s: ${unused.map(({ package: name }) => name).join(', ')}; ${mib(sumAnonymous(unused))} MiB. Load them late: lazy(() => import('…')).`;
  const blind = report.node.startsWith('v20.') ? BLIND_NOTE : '';
  return `${lines.join('\n')}\n\nanon: memory the kernel counts against the limit. with its own: anon with what the package brought along.\n${blind}${note}\n`;
}

function costCells({ cpuMs, heapBytes, anonymousBytes }: LoadCost): string[] {
  return [cpuMs.toFixed(0), mib(heapBytes), mib(anonymousBytes)];
}

function sumAnonymous(packages: readonly PackageCost[]): number {
  return packages.reduce((sum, { self }) => sum + self.anonymousBytes, 0);
}

function usedWord({ used }: PackageCost): string {
  if (used === undefined) return '?';
  return used ? 'yes' : 'no';
}

function mib(bytes: number): string {
  return (bytes / MIB).toFixed(1);
}

/** Columns 2 to 6 are numbers and end at one line. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column >= 1 && column <= 5 ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
}
