import { type SnapshotError, formatFault, truncatedFault } from '../errors.ts';
import type { SnapshotFile } from '../input/snapshot-file.ts';

const chunkBytes = 1 << 20;
/** No number of a snapshot has more digits than 2^64; longer ones are hostile. */
const maxDigits = 20;
/** Longest run of white space the reader takes between two numbers. */
const slackBytesPerField = 32;

/** Reads a flat JSON array of unsigned integers row by row, straight from the bytes. The one hot loop of the parser. */
export class RowReader {
  /** The numbers of the row read last, in file order. */
  readonly row: Float64Array;
  readonly #file: SnapshotFile;
  readonly #what: string;
  readonly #chunk: Uint8Array;
  readonly #rowBytes: number;
  #position = 0;
  #endPosition = 0;
  #chunkOffset: number;
  #isAtEnd = false;
  #isFirst: boolean;

  /** `offset` is the byte behind the opening bracket, or (`isFirst` false) behind an earlier row; `what` names the rows in errors. */
  constructor(
    file: SnapshotFile,
    offset: number,
    fieldCount: number,
    what: string,
    bufferBytes: number = chunkBytes,
    isFirst: boolean = true,
  ) {
    this.#isFirst = isFirst;
    this.#file = file;
    this.#what = what;
    this.#chunkOffset = offset;
    this.#rowBytes = fieldCount * (maxDigits + slackBytesPerField);
    this.#chunk = new Uint8Array(Math.max(bufferBytes, 2 * this.#rowBytes));
    this.row = new Float64Array(fieldCount);
  }

  /** Byte offset of what comes next. */
  get offset(): number {
    return this.#chunkOffset + this.#position;
  }

  /** Reads the next row into {@link row}; false when the array ends here. */
  next(): boolean {
    if (this.#endPosition - this.#position < this.#rowBytes && !this.#isAtEnd) this.#fill();
    const bytes = this.#chunk;
    const row = this.row;
    const fieldCount = row.length;
    let position = this.#position;
    for (let field = 0; field < fieldCount; field++) {
      let byte = bytes[position];
      if (field > 0 || !this.#isFirst) {
        while (byte <= 32 && position < this.#endPosition) byte = bytes[++position];
        if (byte !== 0x2c) return this.#endOrFault(position, field);
        byte = bytes[++position];
      }
      while (byte <= 32 && position < this.#endPosition) byte = bytes[++position];
      let digit = byte - 48;
      if (digit < 0 || digit > 9) return this.#endOrFault(position, field);
      let value = digit;
      const start = position;
      digit = bytes[++position] - 48;
      while (digit >= 0 && digit <= 9) {
        value = value * 10 + digit;
        digit = bytes[++position] - 48;
      }
      if (position - start > maxDigits) throw this.#fault(start, 'a number of at most 20 digits');
      if (position >= this.#endPosition) throw truncatedFault(this.#file.sizeBytes, `more ${this.#what}`);
      row[field] = value;
    }
    this.#isFirst = false;
    this.#position = position;
    return true;
  }

  #endOrFault(position: number, field: number): boolean {
    if (position >= this.#endPosition) {
      if (this.#isAtEnd)
        throw truncatedFault(this.#file.sizeBytes, `more ${this.#what} or the "]" that ends them`);
      throw this.#fault(this.#position, 'a number');
    }
    const byte = this.#chunk[position];
    if (byte === 0x5d && field === 0 && (this.#isFirst || this.#chunk[position - 1] !== 0x2c)) {
      this.#position = position + 1;
      return false;
    }
    throw this.#fault(
      position,
      byte === 0x5d ? `a whole row of ${this.row.length} numbers` : 'a number, "," or "]"',
    );
  }

  #fault(position: number, expected: string): SnapshotError {
    const found = JSON.stringify(String.fromCharCode(this.#chunk[position] ?? 0));
    return formatFault(this.#chunkOffset + position, found, `${expected} in the ${this.#what}`);
  }

  #fill(): void {
    const restBytes = this.#endPosition - this.#position;
    this.#chunk.copyWithin(0, this.#position, this.#endPosition);
    this.#chunkOffset += this.#position;
    const room = this.#chunk.subarray(restBytes);
    const got = this.#file.read(room, this.#chunkOffset + restBytes);
    // Stale digits behind the end must never complete a number.
    if (got < room.length) {
      this.#isAtEnd = true;
      room[got] = 0;
    }
    this.#position = 0;
    this.#endPosition = restBytes + got;
  }
}
