import { writeFileSync } from 'node:fs';
import type { ModuleCostReport, PackageCost } from '@plimsoll/lazy';

const WIDTH = 1_200;
const HEIGHT = 700;
const LINE_HEIGHT = 18;
/** A letter of 13 px, on average. */
const LETTER_WIDTH = 7.5;
const MIB = 1_048_576;

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Writes the report as one HTML file that needs nothing else: the area of a package is its anonymous memory; grey ones were not used. */
export function writeTreemap(file: string, report: ModuleCostReport): void {
  const shown = report.packages
    .filter(({ self }) => sizeOf(self) > 0)
    .toSorted((a, b) => sizeOf(b.self) - sizeOf(a.self));
  const cells: string[] = [];
  layOut(shown, { x: 0, y: 0, width: WIDTH, height: HEIGHT }, cells);
  const title = `Packages by memory at load: ${mib(report.growth.anonymousBytes)} MiB in all, Node.js ${report.node}`;
  const style =
    'body{font:14px system-ui,sans-serif;margin:16px}text{font-size:13px;pointer-events:none}rect{stroke:#fff;stroke-width:2}';
  writeFileSync(
    file,
    `<!doctype html><html lang="en"><meta charset="utf-8"><title>${escape(title)}</title><style>${style}</style>
<h1>${escape(title)}</h1><p>Blue: a function of it ran in the first ${report.seconds} s. Grey: none did.</p>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" width="100%" role="img">${cells.join('')}</svg></html>\n`,
  );
}

/** Halves the list where both parts weigh about the same, and the box along its longer side. */
function layOut(packages: readonly PackageCost[], box: Box, cells: string[]): void {
  const [only] = packages;
  if (only === undefined) return;
  if (packages.length === 1) {
    cells.push(cell(only, box));
    return;
  }
  const totalSize = packages.reduce((sum, { self }) => sum + sizeOf(self), 0);
  let count = 0;
  let firstSize = 0;
  while (count < packages.length - 1 && (count === 0 || firstSize < totalSize / 2)) {
    const next = packages[count];
    if (next !== undefined) firstSize += sizeOf(next.self);
    count += 1;
  }
  const share = firstSize / totalSize;
  const { x, y, width, height } = box;
  const wide = width >= height;
  const first = wide ? { x, y, width: width * share, height } : { x, y, width, height: height * share };
  const second = wide
    ? { x: x + first.width, y, width: width - first.width, height }
    : { x, y: y + first.height, width, height: height - first.height };
  layOut(packages.slice(0, count), first, cells);
  layOut(packages.slice(count), second, cells);
}

function cell(
  { package: name, self, cumulative, used, fileCount }: PackageCost,
  { x, y, width, height }: Box,
): string {
  const fill = used === false ? '#666c74' : '#2f6ab3';
  const text = `${name}: ${mib(self.anonymousBytes)} MiB (${mib(cumulative.anonymousBytes)} with what it brought along), heap ${mib(self.heapBytes)} MiB, ${self.cpuMs.toFixed(0)} ms CPU, ${fileCount} files`;
  const label = [name, `${mib(self.anonymousBytes)} MiB`]
    .map((line, index) =>
      textLine(line, { x, y: y + index * LINE_HEIGHT, width, height: height - index * LINE_HEIGHT }),
    )
    .join('');
  return `<g><title>${escape(text)}</title><rect x="${x}" y="${y}" width="${width}" height="${height}" fill="${fill}"/>${label}</g>`;
}

/** One line at the top of a box; cut where it is too long, nothing where not even three letters fit. */
function textLine(line: string, { x, y, width, height }: Box): string {
  const fittingCount = Math.floor((width - 8) / LETTER_WIDTH);
  if (height < LINE_HEIGHT + 4 || fittingCount < Math.min(line.length, 4)) return '';
  const shown = line.length > fittingCount ? `${line.slice(0, fittingCount - 1)}…` : line;
  return `<text x="${x + 6}" y="${y + 18}" fill="#fff">${escape(shown)}</text>`;
}

/** Where resident memory is not known, heap stands for it. */
function sizeOf({ anonymousBytes, heapBytes }: PackageCost['self']): number {
  return Math.max(0, anonymousBytes, heapBytes);
}

function mib(bytes: number): string {
  return (bytes / MIB).toFixed(1);
}

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
