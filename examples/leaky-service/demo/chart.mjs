// A series drawn in text: bars of eighths against a line at the limit.
const EIGHTHS = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/** One bar of `ratio` (0..1), `width` characters wide, for a line that is rewritten. */
export function meter(ratio, width) {
  const filled = Math.max(0, Math.min(width, Math.round(ratio * width)));
  return '█'.repeat(filled) + '░'.repeat(width - filled);
}

/**
 * Rows of text that show `points` ({ atMs, value }, in order) from 0 to `lineValue`, which is drawn on top as the load line.
 * `marks` ({ atMs, letter }) are put under the time axis.
 */
export function chart({ points, lineValue, lineLabel, format, marks = [], width = 60, height = 8 }) {
  if (points.length === 0) return ['(no points)'];
  const startMs = points[0].atMs;
  const spanMs = Math.max(1, points.at(-1).atMs - startMs);
  const column = (atMs) => Math.max(0, Math.min(width - 1, Math.floor(((atMs - startMs) / spanMs) * width)));
  const columns = Array.from({ length: width }, () => undefined);
  for (const { atMs, value } of points) columns[column(atMs)] = Math.max(columns[column(atMs)] ?? 0, value);
  for (let index = 1; index < width; index += 1) columns[index] ??= columns[index - 1];
  const labels = [format(lineValue), format(lineValue / 2), format(0)];
  const margin = Math.max(...labels.map((label) => label.length)) + 1;
  const rows = [`${labels[0].padStart(margin)} ┬${'─'.repeat(width)} ${lineLabel}`];
  for (let row = height - 1; row >= 0; row -= 1) {
    const cells = columns.map((value) => {
      const level = ((value ?? 0) / lineValue) * height - row;
      return EIGHTHS[Math.max(0, Math.min(8, Math.round(level * 8)))];
    });
    const label = row === height / 2 ? labels[1] : row === 0 ? labels[2] : '';
    rows.push(`${label.padStart(margin)} │${cells.join('')}`);
  }
  const axis = Array.from({ length: width }, () => ' ');
  for (const { atMs, letter } of marks) axis[column(atMs)] = letter;
  rows.push(`${' '.repeat(margin)} └${'─'.repeat(width)} ${(spanMs / 1000).toFixed(0)} s`);
  if (marks.length > 0) rows.push(`${' '.repeat(margin)}  ${axis.join('')}`);
  return rows;
}
