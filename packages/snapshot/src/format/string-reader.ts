import { truncatedFault } from '../errors.ts';
import type { SnapshotFile } from '../input/snapshot-file.ts';

const chunkBytes = 1 << 20;
/** A single string above this is refused: V8 writes at most 1,024 characters. */
const maxStringBytes = 1 << 28;

/** Reads the strings of a snapshot whole, one after another. */
export class StringReader {
  readonly #file: SnapshotFile;
  #chunk: Buffer = Buffer.alloc(chunkBytes);
  #chunkOffset: number;
  #length = 0;
  #position = 0;

  /** `offset` is the byte behind the opening bracket. */
  constructor(file: SnapshotFile, offset: number) {
    this.#file = file;
    this.#chunkOffset = offset;
  }

  /** The next string; the caller knows how many there are. */
  next(): string {
    let start = this.#find(this.#position);
    let end = this.#close(start + 1);
    while (start < 0 || end < 0) {
      this.#refill(start < 0 ? this.#length : start);
      start = this.#find(0);
      end = start < 0 ? -1 : this.#close(start + 1);
    }
    this.#position = end + 1;
    const text = this.#chunk.toString('utf8', start + 1, end);
    if (!text.includes('\\')) return text;
    try {
      return JSON.parse(`"${text}"`) as string;
    } catch {
      // Raw control characters: the text as it stands is longer than the string, never shorter.
      return text;
    }
  }

  #find(from: number): number {
    const at = this.#chunk.indexOf(0x22, from);
    return at < this.#length ? at : -1;
  }

  #close(from: number): number {
    const chunk = this.#chunk;
    for (let i = from; i < this.#length; i++) {
      if (chunk[i] === 0x22) return i;
      if (chunk[i] === 0x5c) i++;
    }
    return -1;
  }

  #refill(keepFrom: number): void {
    const rest = this.#length - keepFrom;
    const old = this.#chunk;
    if (rest === old.length) {
      if (rest >= maxStringBytes) throw truncatedFault(this.#chunkOffset, 'the end of a string');
      this.#chunk = Buffer.alloc(rest * 2);
    }
    old.copy(this.#chunk, 0, keepFrom, this.#length);
    this.#chunkOffset += keepFrom;
    const got = this.#file.read(this.#chunk.subarray(rest), this.#chunkOffset + rest);
    if (got === 0) throw truncatedFault(this.#file.sizeBytes, 'more strings');
    this.#length = rest + got;
    this.#position = 0;
  }
}
