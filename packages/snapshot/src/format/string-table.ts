import type { SnapshotFile } from '../input/snapshot-file.ts';
import { decodeString } from './decode-string.ts';
import type { GrowingWords } from './growing-words.ts';
import type { KnownName, StringScan, WeakEntryNames } from './string-scan.ts';

/** Names above this length are shown cut; V8 itself cuts strings at 1,024 characters. */
const maxShownBytes = 4096;

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
