/** Lays rows out in columns: the first to the left, the others to the right. */
export function textTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  indent = '  ',
): string {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column])))
      .join('  ')
      .trimEnd();
  return [head, ...rows].map((row) => `${indent}${line(row)}\n`).join('');
}

/** The same rows as a Markdown table. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cell = (text: string): string => text.replace(/[|\\]/g, '\\$&').replace(/\n/g, ' ');
  const line = (row: readonly string[]): string => `| ${row.map(cell).join(' | ')} |\n`;
  const rule = `| ${head.map((_, column) => (column === 0 ? '---' : '---:')).join(' | ')} |\n`;
  return `${line(head)}${rule}${rows.map(line).join('')}`;
}
