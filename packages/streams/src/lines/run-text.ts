import { Buffer, isAscii, isUtf8 } from 'node:buffer';
import type { LineRun } from './line-cutter.ts';
import type { LineReader } from './line-reader.ts';

/**
 * Bytes made into text at once. The text is what survives a collection of the young generation, and V8 makes that generation larger (to 48 MB) the more
 * survives: 8 KiB made it grow within 300 MB of input, which cost 4 MB for 3 % of the time.
 */
const TEXT_BYTES = 2 * 1024;

const NEWLINE = 10;
const NO_RUN: LineRun = { bytes: Buffer.alloc(0), byteOffset: 0 };

/** Runs of lines as text, some whole lines at a time, with the way back from a place in the text to the byte of the input. Lines that are not UTF-8 are refused. */
export class RunText {
  readonly #lines: LineReader;
  /** The run being read, whose bytes before `#decodedBytes` are text already. */
  #run = NO_RUN;
  #decodedBytes = 0;
  #text = '';
  /** Byte and character of a place known to be the same, so that offsets are counted once over and not from the start each time. */
  #knownByte = 0;
  #knownAt = 0;
  /** The run holds bytes that are not UTF-8: its lines are looked at one by one. */
  #isBroken = false;
  /** 1 when every character is one byte. */
  maxBytesPerCharacter = 1;

  constructor(lines: LineReader) {
    this.#lines = lines;
  }

  /** Gives the next run; allowed when `next` has answered undefined. */
  open(run: LineRun): void {
    const ascii = isAscii(run.bytes);
    this.#run = run;
    this.#decodedBytes = 0;
    this.#isBroken = !ascii && !isUtf8(run.bytes);
    this.maxBytesPerCharacter = ascii ? 1 : 3;
  }

  /** The next whole lines of the run; undefined when there are none. */
  next(): string | undefined {
    const { bytes, byteOffset } = this.#run;
    while (this.#decodedBytes < bytes.length) {
      const from = this.#decodedBytes;
      const end = this.#isBroken ? endOfLine(bytes, from) : endOfLines(bytes, from);
      this.#decodedBytes = end;
      if (this.#isBroken && !isUtf8(bytes.subarray(from, end))) {
        this.#lines.lineNumber += 1;
        const lineEnd = bytes[end - 1] === NEWLINE ? end - 1 : end;
        this.#lines.refuse('utf8', 'it is not UTF-8', byteOffset + from, lineEnd - from);
        continue;
      }
      this.#knownAt = 0;
      this.#knownByte = byteOffset + from;
      this.#text = bytes.toString(this.maxBytesPerCharacter === 1 ? 'latin1' : 'utf8', from, end);
      return this.#text;
    }
    return undefined;
  }

  /** Bytes of a part of the text last given. */
  bytesOf(start: number, end: number): number {
    return this.maxBytesPerCharacter === 1
      ? end - start
      : Buffer.byteLength(this.#text.substring(start, end));
  }

  /** Where the character `at` of the text last given is in the input; asked in ascending order. */
  byteAt(at: number): number {
    this.#knownByte += this.bytesOf(this.#knownAt, at);
    this.#knownAt = at;
    return this.#knownByte;
  }

  /** Drops everything. */
  clear(): void {
    this.#run = NO_RUN;
    this.#decodedBytes = 0;
    this.#text = '';
  }
}

/** Where the last line within the next {@link TEXT_BYTES} ends, or the first one when it is longer. */
function endOfLines(bytes: Buffer, from: number): number {
  const windowEnd = from + TEXT_BYTES;
  if (windowEnd >= bytes.length) return bytes.length;
  const last = bytes.lastIndexOf(NEWLINE, windowEnd - 1);
  return last >= from ? last + 1 : endOfLine(bytes, windowEnd);
}

function endOfLine(bytes: Buffer, from: number): number {
  const newline = bytes.indexOf(NEWLINE, from);
  return newline < 0 ? bytes.length : newline + 1;
}
