import { formatFault, truncatedFault } from '../errors.ts';
import type { SnapshotFile } from '../input/snapshot-file.ts';
import { decodeString } from './decode-string.ts';
import { GrowingWords } from './growing-words.ts';

const chunkBytes = 1 << 20;
const quote = 0x22;
const backslash = 0x5c;

/** The names that mean something to the analysis, found while the table is indexed. */
export const knownNames = [
  '(Document DOM trees)',
  '(map descriptors)',
  '(object properties)',
  '(object elements)',
  'Array',
  'ArrayBuffer',
  'Map',
  'Object',
  'Promise',
  'Set',
  'Timeout',
  'WeakMap',
  '__proto__',
  '_events',
  'elements',
  'map',
  'properties',
  'prototype',
  'sloppy_function_map',
  'system / Context',
  'system / ExternalStringData',
  'system / JSArrayBufferData',
  'system / NativeContext',
  'system / PromiseReaction',
  'table',
] as const;

/** One of {@link knownNames}. */
export type KnownName = (typeof knownNames)[number];

/** Which strings are names of WeakMap entries, with the table they belong to. Ascending by string index. */
export interface WeakEntryNames {
  readonly names: GrowingWords;
  readonly tableIds: GrowingWords;
  /** Equal for the two edges (from the table and from the key) of one entry. */
  readonly pairs: GrowingWords;
}

/** What {@link scanStrings} found. */
export interface StringScan {
  readonly baseOffset: number;
  readonly endOffset: number;
  readonly starts: GrowingWords;
  readonly known: ReadonlyMap<string, number>;
  readonly weakEntries: WeakEntryNames;
}

const weakEntryName =
  /^\d+( \/ part of key \(.*? @\d+\) -> value \(.*? @\d+\) pair in WeakMap \(table @(\d+)\))$/s;

/** Finds where the strings start: their key stands once in the file, since quotes inside strings are escaped. */
export function findStringsOffset(file: SnapshotFile): number {
  const key = Buffer.from('"strings":');
  const block = Buffer.alloc(chunkBytes);
  let end = file.sizeBytes;
  while (end > 0) {
    const start = Math.max(0, end - chunkBytes + key.length);
    const got = file.read(block, start, Math.min(chunkBytes, file.sizeBytes - start));
    const at = block.subarray(0, got).lastIndexOf(key);
    if (at >= 0) return start + at + key.length;
    end = start;
  }
  return -1;
}

/** Indexes the strings that start at `offset` (behind `"strings":`). */
export function scanStrings(file: SnapshotFile, offset: number): StringScan {
  const starts = new GrowingWords();
  const known = new Map<string, number>();
  const weakEntries = { names: new GrowingWords(), tableIds: new GrowingWords(), pairs: new GrowingWords() };
  const wanted = wantedByLength();
  const chunk = Buffer.alloc(chunkBytes);
  let chunkOffset = offset;
  let length = file.read(chunk, chunkOffset);
  let position = 0;
  while (position < length && chunk[position] <= 32) position++;
  if (chunk[position] !== 0x5b) throw formatFault(offset, 'no array', 'the "[" that starts the strings');
  position++;
  const baseOffset = chunkOffset + position;
  let isClosed = false;
  while (true) {
    while (position < length && (chunk[position] <= 32 || chunk[position] === 0x2c)) position++;
    if (position < length && chunk[position] === 0x5d) {
      isClosed = true;
      break;
    }
    if (position < length && chunk[position] !== quote) {
      const found = JSON.stringify(String.fromCharCode(chunk[position]));
      throw formatFault(chunkOffset + position, found, 'a string, "," or "]" in the strings');
    }
    let end = position < length ? closingQuote(chunk, position + 1, length) : -1;
    if (end < 0) {
      chunk.copyWithin(0, position, length);
      const rest = length - position;
      chunkOffset += position;
      const got = file.read(chunk.subarray(rest), chunkOffset + rest);
      length = rest + got;
      position = 0;
      if (got > 0) continue;
      if (rest < chunkBytes) break;
      // One string longer than the buffer: skip along the file for its end.
      end = skipLongString(file, chunkOffset + 1) - chunkOffset;
      if (end < 0) break;
      starts.push(chunkOffset + 1 - baseOffset);
      chunkOffset += end + 1;
      length = file.read(chunk, chunkOffset);
      continue;
    }
    const start = position + 1;
    const index = starts.push(chunkOffset + start - baseOffset);
    for (const name of wanted[end - start] ?? noNames) {
      if (chunk.compare(name, 0, name.length, start, end) === 0) known.set(name.toString(), index);
    }
    if (chunk[end - 1] === 0x29 && chunk[start] >= 48 && chunk[start] <= 57) {
      const match = weakEntryName.exec(decodeString(chunk, start, end + 1));
      if (match !== null) {
        weakEntries.names.push(index);
        weakEntries.tableIds.push(Number(match[2]) >>> 0);
        weakEntries.pairs.push(hashText(match[1]));
      }
    }
    position = end + 1;
  }
  if (!isClosed) throw truncatedFault(file.sizeBytes, 'more strings or the "]" that ends them');
  return { baseOffset, endOffset: chunkOffset + position, starts, known, weakEntries };
}

const noNames: readonly Buffer[] = [];

function wantedByLength(): Buffer[][] {
  const wanted: Buffer[][] = [];
  for (const name of knownNames) (wanted[name.length] ??= []).push(Buffer.from(name));
  return wanted;
}

function closingQuote(chunk: Buffer, from: number, length: number): number {
  for (let i = from; i < length; i++) {
    const byte = chunk[i];
    if (byte === quote) return i;
    if (byte === backslash) i++;
  }
  return -1;
}

function skipLongString(file: SnapshotFile, from: number): number {
  const block = Buffer.alloc(chunkBytes);
  let offset = from;
  let isEscaped = false;
  while (true) {
    const got = file.read(block, offset);
    if (got === 0) return -1;
    for (let i = 0; i < got; i++) {
      if (isEscaped) isEscaped = false;
      else if (block[i] === backslash) isEscaped = true;
      else if (block[i] === quote) return offset + i;
    }
    offset += got;
  }
}

/** FNV-1a over UTF-16 units: equal texts give equal numbers, which is all the pairing of WeakMap edges needs. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
