import { formatFault, truncatedFault } from '../errors.ts';
import type { SnapshotFile } from '../input/snapshot-file.ts';

const chunkBytes = 1 << 16;

/**
 * Finds the array called `name` behind `offset`, which stands behind another value of the outermost object, and returns the
 * byte behind its "[". Sections it does not know are skipped, whatever they hold.
 */
export function findSection(file: SnapshotFile, offset: number, name: string): number {
  const at = searchSection(file, offset, name);
  if (at < 0) throw formatFault(offset, 'the end of the snapshot object', `a section "${name}"`);
  return at;
}

/** Like {@link findSection}, but -1 when the file has no such section behind `offset`. */
export function searchSection(file: SnapshotFile, offset: number, name: string): number {
  const bytes = new ByteWalk(file, offset);
  while (true) {
    let byte = bytes.skipSpace();
    if (byte === 0x7d) return -1;
    if (byte === 0x2c) {
      bytes.next();
      byte = bytes.skipSpace();
    }
    if (byte !== 0x22) throw bytes.fault(`the name of a section, "," or "}"`);
    const key = bytes.readKey();
    if (bytes.skipSpace() !== 0x3a) throw bytes.fault('":"');
    bytes.next();
    byte = bytes.skipSpace();
    if (key === name) {
      if (byte !== 0x5b) throw bytes.fault(`the "[" of ${name}`);
      return bytes.offset + 1;
    }
    bytes.skipValue();
  }
}

/** A cursor over the bytes of a file. */
class ByteWalk {
  readonly #file: SnapshotFile;
  readonly #chunk = new Uint8Array(chunkBytes);
  #chunkOffset: number;
  #length = 0;
  #position = 0;

  constructor(file: SnapshotFile, offset: number) {
    this.#file = file;
    this.#chunkOffset = offset;
  }

  get offset(): number {
    return this.#chunkOffset + this.#position;
  }

  peek(): number {
    if (this.#position < this.#length) return this.#chunk[this.#position];
    this.#chunkOffset += this.#position;
    this.#position = 0;
    this.#length = this.#file.read(this.#chunk, this.#chunkOffset);
    if (this.#length === 0) throw truncatedFault(this.#file.sizeBytes, 'the rest of the snapshot object');
    return this.#chunk[0];
  }

  next(): number {
    const byte = this.peek();
    this.#position++;
    return byte;
  }

  skipSpace(): number {
    while (this.peek() <= 32) this.#position++;
    return this.peek();
  }

  readKey(): string {
    this.next();
    let key = '';
    for (let byte = this.next(); byte !== 0x22; byte = this.next()) {
      if (key.length > 100) throw this.fault('the name of a section');
      key += String.fromCharCode(byte);
    }
    return key;
  }

  skipValue(): void {
    let depth = 0;
    do {
      const byte = this.next();
      if (byte === 0x22) this.#skipString();
      else if (byte === 0x5b || byte === 0x7b) depth++;
      else if (byte === 0x5d || byte === 0x7d) depth--;
      else if (depth === 0) this.#skipScalar();
    } while (depth > 0);
  }

  fault(expected: string): Error {
    return formatFault(this.offset, JSON.stringify(String.fromCharCode(this.peek())), expected);
  }

  #skipString(): void {
    for (let byte = this.next(); byte !== 0x22; byte = this.next()) if (byte === 0x5c) this.next();
  }

  #skipScalar(): void {
    for (
      let byte = this.peek();
      byte > 32 && byte !== 0x2c && byte !== 0x7d && byte !== 0x5d;
      byte = this.peek()
    )
      this.next();
  }
}
