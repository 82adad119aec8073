import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What reading one kernel file came to: its whole text, or why there is none. */
export type KernelText =
  | { readonly text: string }
  | { readonly text: undefined; readonly missing: boolean; readonly reason: string };

/** Reads the whole of `path` below `root`, whatever size the kernel claims for it. Never throws. */
export function readKernelText(root: string, path: string): KernelText {
  try {
    return { text: readFileSync(join(root, path), 'utf8') };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    return { text: undefined, missing: code === 'ENOENT' || code === 'ENOTDIR', reason: code };
  }
}

/** Numbers at or above this stand for "no limit": v1 writes 2^63 rounded down to a page. */
const UNLIMITED_BYTES = 2 ** 60;

/** Bytes of one limit file. Infinity = no limit (`max`, `-1`, 0, ≥ 2^60); NaN = not a number. */
export function parseLimitBytes(text: string): number {
  const word = text.trim();
  if (word === 'max' || word === '-1' || word === 'unlimited') return Number.POSITIVE_INFINITY;
  if (!/^\d+$/.test(word)) return Number.NaN;
  const bytes = Number(word);
  // 0 in memory.high would throttle every allocation, and nothing lives under a maximum of 0: both mean that nobody set it.
  return bytes === 0 || bytes >= UNLIMITED_BYTES ? Number.POSITIVE_INFINITY : bytes;
}

/** The number behind `key` in a file of `key value` lines; undefined when the key is not there. */
export function parseKeyed(text: string, key: string): number | undefined {
  const match = new RegExp(`^${key} (\\d+)`, 'm').exec(text);
  return match === null ? undefined : Number(match[1]);
}
