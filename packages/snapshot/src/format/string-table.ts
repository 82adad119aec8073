import { truncatedFault, formatFault } from '../errors.ts';
import type { SnapshotFile } from '../input/snapshot-file.ts';
import { GrowingWords } from './growing-words.ts';

const chunkBytes = 1 << 20;
const quote = 0x22;
const backslash = 0x5c;
/** Names above this length are shown cut; V8 itself cuts strings at 1,024 characters. */
const maxShownBytes = 4096;

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

/** The strings of a snapshot, kept as offsets into the file: a gigabyte of text costs four bytes a string. */
export class StringTable {
  /** How many strings there are. */
  readonly count: number;
  /** Names V8 gives to WeakMap entries. */
  readonly weakEntries: WeakEntryNames;
  readonly #file: SnapshotFile;
  readonly #baseOffset: number;
  readonly #starts: GrowingWords;
  readonly #endOffset: number;
  readonly #known: ReadonlyMap<string, number>;
  readonly #cache = new Map<number, string>();
  #page: Buffer = Buffer.alloc(0);
  #pageOffset = -1;

  constructor(file: SnapshotFile, scan: StringScan) {
    this.#file = file;
    this.#baseOffset = scan.baseOffset;
    this.#starts = scan.starts;
    this.#endOffset = scan.endOffset;
    this.#known = scan.known;
    this.count = scan.starts.length;
    this.weakEntries = scan.weakEntries;
  }

  /** Index of a known name, or -1 when the snapshot does not contain it. */
  indexOf(name: KnownName): number {
    return this.#known.get(name) ?? -1;
  }

  /** The text of a string; what lies outside the table reads as `(no such string)`. */
  get(index: number): string {
    if (index < 0 || index >= this.count) return '(no such string)';
    const cached = this.#cache.get(index);
    if (cached !== undefined) return cached;
    const text = this.#read(index);
    if (this.#cache.size >= 10_000) this.#cache.clear();
    this.#cache.set(index, text);
    return text;
  }

  /** How many bytes the string takes in the file, quotes excluded. */
  lengthBytes(index: number): number {
    const start = this.#starts.get(index);
    const next = index + 1 < this.count ? this.#starts.get(index + 1) : this.#endOffset - this.#baseOffset;
    // Between two strings stand a quote, a comma and, as V8 writes it, a line feed; the exact end is found when reading.
    return Math.max(0, next - start - 3);
  }

  #read(index: number): string {
    const start = this.#baseOffset + this.#starts.get(index);
    let page = this.#page;
    let at = start - this.#pageOffset;
    if (this.#pageOffset < 0 || at < 0 || at + maxShownBytes > page.length) {
      if (page.length === 0) page = this.#page = Buffer.alloc(1 << 16);
      const got = this.#file.read(page, start);
      if (got < page.length) page.fill(0, got);
      this.#pageOffset = start;
      at = 0;
    }
    return decodeString(page, at, Math.min(at + maxShownBytes, page.length));
  }
}

/** Decodes the JSON string whose content starts at `start`; longer ones than `limit` allows are cut and marked. */
export function decodeString(bytes: Buffer, start: number, limit: number): string {
  let end = start;
  let hasEscape = false;
  while (end < limit && bytes[end] !== quote) {
    if (bytes[end] === backslash) {
      hasEscape = true;
      end++;
    }
    end++;
  }
  const isCut = end >= limit;
  const text = bytes.toString('utf8', start, Math.min(end, limit));
  if (!hasEscape) return isCut ? `${text}…` : text;
  if (isCut) return `${text.replace(/\\u[0-9a-f]{0,3}$|\\$/i, '')}…`;
  try {
    return JSON.parse(`"${text}"`) as string;
  } catch {
    // Raw control characters make it bad JSON; the raw text still tells the reader what it is.
    return text;
  }
}

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
