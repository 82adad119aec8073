import { byteSizeForm, formatBytes, parseByteSize } from '../byte-size.ts';
import type { VariableRow } from './table.ts';

/** A value of the configuration. */
export type ConfigValue = number | string | boolean;

/** Milliseconds of each unit a duration may be written with. */
const UNIT_MS: Readonly<Record<string, number>> = {
  '': 1,
  ms: 1,
  s: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
};

/** The value of `row` written as `given`; undefined when it is none. A number or boolean that comes from code is taken as it is, within the row's range. */
export function parseValue(row: VariableRow, given: unknown): ConfigValue | undefined {
  if (typeof given === 'string' && row.words?.includes(given.trim()) === true) return given.trim();
  switch (row.type) {
    case 'word':
      return undefined;
    case 'path':
      return typeof given === 'string' && given !== '' && !given.includes('\0') ? given : undefined;
    case 'url':
      return typeof given === 'string' && isHttpUrl(given) ? given : undefined;
    case 'switch':
      return parseSwitch(given);
    default:
      return parseNumber(row, given);
  }
}

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

function parseSwitch(given: unknown): boolean | undefined {
  if (typeof given === 'boolean') return given;
  if (given === 'on' || given === 'true' || given === '1') return true;
  if (given === 'off' || given === 'false' || given === '0') return false;
  return undefined;
}

function parseNumber(row: VariableRow, given: unknown): number | undefined {
  const value = typeof given === 'string' ? numberFromText(row.type, given) : given;
  if (typeof value !== 'number' || !Number.isFinite(value)) return undefined;
  if ((row.type === 'count' || row.type === 'bytes') && !Number.isSafeInteger(value)) return undefined;
  const [min, max] = row.range ?? [0, Number.POSITIVE_INFINITY];
  return value >= min && value <= max ? value : undefined;
}

function numberFromText(type: VariableRow['type'], text: string): number | undefined {
  if (type === 'bytes') return parseByteSize(text);
  const match = /^\s*(\d+(?:\.\d+)?)\s*(%|[a-z]*)\s*$/i.exec(text);
  if (match === null) return undefined;
  const value = Number(match[1]);
  const unit = (match[2] ?? '').toLowerCase();
  if (type === 'ms') {
    const unitMs = UNIT_MS[unit];
    return unitMs === undefined ? undefined : value * unitMs;
  }
  if (type === 'ratio' && unit === '%') return value / 100;
  return unit === '' ? value : undefined;
}

/** What `row` accepts, for messages and the documentation. */
export function expectedForm(row: VariableRow): string {
  const words = row.words?.map((word) => `\`${word}\``).join(', ');
  if (row.type === 'word') return `one of ${words}`;
  const form = `${forms[row.type]}${rangeForm(row)}`;
  return words === undefined ? form : `${form}, or ${words}`;
}

const forms: Readonly<Record<Exclude<VariableRow['type'], 'word'>, string>> = {
  bytes: byteSizeForm,
  ratio: 'a ratio such as 0.8 or 80%',
  ms: 'a duration such as 500ms, 10s, 5min or a count of milliseconds',
  count: 'a whole number',
  switch: '`on` or `off`',
  path: 'a path',
  url: 'an http or https URL',
};

function rangeForm(row: VariableRow): string {
  if (row.range === undefined) return '';
  const [min, max] = row.range;
  const show = (value: number) => showNumber(row.type, value);
  if (max >= Number.MAX_SAFE_INTEGER) return min > 0 ? `, at least ${show(min)}` : '';
  return `, ${show(min)} to ${show(max)}`;
}

function showNumber(type: VariableRow['type'], value: number): string {
  if (type === 'bytes') return formatBytes(value);
  return type === 'ms' ? showDuration(value) : String(value);
}

/** `1 h`, `90 s`, `250 ms`: the largest unit that needs no fraction. */
function showDuration(ms: number): string {
  const [unit, unitMs] = durationUnits.find(([, size]) => ms >= size && ms % size === 0) ?? ['ms', 1];
  return `${ms / unitMs} ${unit}`;
}

const durationUnits: readonly (readonly [unit: string, unitMs: number])[] = [
  ['days', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
];

/** `value` of `row` for people: `16 MiB`, `10 s`, `0.8`, `on`, `not set`. */
export function showValue(row: VariableRow, value: ConfigValue | null): string {
  if (value === null) return 'not set';
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  return typeof value === 'number' ? showNumber(row.type, value) : value;
}
