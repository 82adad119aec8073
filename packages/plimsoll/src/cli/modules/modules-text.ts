import { type LoadCost, type ModuleCostReport, ownPackage, type PackageCost } from '@plimsoll/lazy';

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
  const lines = table([head, ...rows]);
  const note = unusedNote(packages, seconds);
  const blind = report.node.startsWith('v20.') ? BLIND_NOTE : '';
  return `${lines.join('\n')}\n\nanon: memory the kernel counts against the limit. with its own: anon with what the package brought along.\n${blind}${note}\n`;
}

function costCells({ cpuMs, heapBytes, anonymousBytes }: LoadCost): string[] {
  return [cpuMs.toFixed(0), mib(heapBytes), mib(anonymousBytes)];
}

/** Which packages the service could load late: those it asks for itself. What these brought along goes with them. */
function unusedNote(packages: readonly PackageCost[], seconds: number): string {
  const unused = packages.filter(({ used }) => used === false);
  if (unused.length === 0) return `No package is without use in the first ${seconds} s.`;
  const own = unused.filter(({ askedBy }) => askedBy.includes(ownPackage));
  const names = own.map(({ package: name, cumulative }) => `${name} ${mib(cumulative.anonymousBytes)} MiB`);
  const restCount = unused.length - own.length;
  const rest =
    restCount === 0 ? '' : ` ${restCount} ${own.length === 0 ? '' : 'more '}that other packages asked for.`;
  return names.length === 0
    ? `Not used in the first ${seconds} s:${rest}`
    : `Not used in the first ${seconds} s: ${names.join(', ')}. Load late: lazy(() => import('…')).${rest === '' ? '' : ` Unused too:${rest}`}`;
}

function usedWord({ used }: PackageCost): string {
  if (used === undefined) return '?';
  return used ? 'yes' : 'no';
}

function mib(bytes: number): string {
  // Adding zero turns the -0 of a small negative into 0.
  return (Math.round((bytes / MIB) * 10) / 10 + 0).toFixed(1);
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
