import { PlimsollError } from './errors.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;

/** `count` KiB in bytes. */
export function kib(count: number): number {
  return Math.round(count * KIB);
}

/** `count` MiB in bytes. */
export function mib(count: number): number {
  return Math.round(count * MIB);
}

/** `count` GiB in bytes. */
export function gib(count: number): number {
  return Math.round(count * GIB);
}

const UNIT_BYTES: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: KIB,
  ki: KIB,
  kib: KIB,
  kb: 1e3,
  m: MIB,
  mi: MIB,
  mib: MIB,
  mb: 1e6,
  g: GIB,
  gi: GIB,
  gib: GIB,
  gb: 1e9,
  t: 1024 * GIB,
  ti: 1024 * GIB,
  tib: 1024 * GIB,
  tb: 1e12,
};

/** What {@link parseByteSize} accepts, for messages. */
export const byteSizeForm = 'a size such as 512MiB, 1.5GiB, 300MB or a count of bytes';

/**
 * Bytes of a size written by a person: `512MiB`, `512Mi` (Kubernetes), `512m` (Docker, V8) = 512 × 1024²; `512MB` = 512 × 10⁶; `1024` = bytes.
 * Returns undefined when the text is none of these, is negative, or is above 2^53 − 1.
 */
export function parseByteSize(text: string): number | undefined {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([a-z]{0,3})\s*$/i.exec(text);
  if (match === null) return undefined;
  const unitBytes = UNIT_BYTES[(match[2] ?? '').toLowerCase()];
  if (unitBytes === undefined) return undefined;
  const bytes = Math.round(Number(match[1]) * unitBytes);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/**
 * A byte count for people, in binary units with at most one decimal: `96 MiB`, `1.5 GiB`, `512 B`.
 * A value that is not finite reads `unknown`.
 */
export function formatBytes(bytes: number): string {
  if (!Number.isFinite(bytes)) return 'unknown';
  const sign = bytes < 0 ? '-' : '';
  const size = Math.abs(bytes);
  if (size >= GIB) return `${sign}${trimmed(size / GIB)} GiB`;
  if (size >= MIB) return `${sign}${trimmed(size / MIB)} MiB`;
  if (size >= KIB) return `${sign}${trimmed(size / KIB)} KiB`;
  return `${sign}${Math.round(size)} B`;
}

function trimmed(value: number): string {
  return value >= 100 ? String(Math.round(value)) : String(Math.round(value * 10) / 10);
}

/** `value` when it is a finite count of bytes ≥ `minBytes`; otherwise an error that names the option. */
export function requireBytes(option: string, value: unknown, minBytes = 0): number {
  if (typeof value === 'number' && Number.isFinite(value) && value >= minBytes) return value;
  throw new PlimsollError(
    'ERR_PLIMSOLL_OPTION',
    `${option} is ${String(value)}; expected a finite number of bytes of at least ${minBytes}. Give a number, for example mib(64).`,
    { details: { option, value, minBytes } },
  );
}
