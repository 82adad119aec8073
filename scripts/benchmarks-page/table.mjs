// Rows of numbers as tables of a page.

/** A value for a person: four figures at most, ranges and lists as words. */
export function cellText(value) {
  if (value === undefined || value === null) return '–';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (Array.isArray(value)) return value.map(cellText).join('–');
  if (typeof value !== 'number') return String(value).replaceAll('|', '\\|');
  if (!Number.isFinite(value)) return String(value);
  if (Number.isInteger(value)) return value.toLocaleString('en-US');
  return String(Number(value.toPrecision(Math.abs(value) >= 1000 ? 6 : 3)));
}

/** `camelCase` and `limitMib` as words. */
const heading = (key) =>
  /^[a-z]+(?:[A-Z][a-z]+)+$/.test(key)
    ? key.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
    : key;

/** A table with `columns` of `rows`, by default all that hold one value. */
export function table(rows, columns = columnsOf(rows)) {
  const line = (words) => `| ${words.join(' | ')} |`;
  const isNumber = (key) => rows.every((row) => typeof (row[key] ?? 0) === 'number');
  return [
    line(columns.map(heading)),
    line(columns.map((key) => (isNumber(key) ? '--:' : '---'))),
    ...rows.map((row) => line(columns.map((key) => cellText(row[key])))),
  ].join('\n');
}

function columnsOf(rows) {
  const isPlain = (value) =>
    typeof value !== 'object' ||
    value === null ||
    (Array.isArray(value) && value.length === 2 && value.every((one) => typeof one === 'number'));
  const keys = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  return keys.filter((key) => rows.every((row) => isPlain(row[key])));
}

/** Every list of rows in a result, with the title it has or the way to it. */
export function tablesOf(result, title = '') {
  if (Array.isArray(result)) {
    const isRows =
      result.length > 0 &&
      result.every((row) => typeof row === 'object' && row !== null && !Array.isArray(row));
    return isRows && columnsOf(result).length > 1 ? [{ title, rows: result }] : [];
  }
  if (typeof result !== 'object' || result === null) return [];
  const own = result.title ?? title;
  return Object.entries(result).flatMap(([key, value]) =>
    tablesOf(value, own || (key === 'rows' ? '' : key)),
  );
}
