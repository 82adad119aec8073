import { Buffer } from 'node:buffer';
import { CarryBuffer } from './carry-buffer.ts';

/** Longest run: what a caller works through without giving the event loop a turn, and as much as one read of a file brings. */
const RUN_BYTES = 256 * 1024;

/** Whole lines, each ended by a newline except the last of the input. */
export interface LineRun {
  /** Valid until the cutter is asked again. */
  readonly bytes: Buffer;
  /** Where `bytes` starts in the input. */
  readonly byteOffset: number;
}

/** A line that passed the bound. */
export interface LongLine {
  readonly longLine: true;
  readonly byteOffset: number;
  /** Bytes of the line seen when it was given up. */
  readonly seenBytes: number;
}

const NEWLINE = 10;

/**
 * Cuts chunks into runs of whole lines, in time proportional to the bytes and memory of at most one line and one chunk. A line above the bound is noticed
 * as soon as it passes it, reported once, and its rest is skipped without being kept.
 */
export class LineCutter {
  readonly #maxLineBytes: number;
  readonly #carry = new CarryBuffer();
  #chunk: Buffer = Buffer.alloc(0);
  #at = 0;
  /** Where `#chunk[#at]` is in the input. */
  #offset = 0;
  #skipping = false;

  constructor(maxLineBytes: number) {
    this.#maxLineBytes = maxLineBytes;
  }

  /** Memory held for lines. */
  get heldBytes(): number {
    return this.#carry.capacityBytes + this.#chunk.length;
  }

  /** Bytes fed so far. */
  get fedBytes(): number {
    return this.#offset + this.#chunk.length - this.#at;
  }

  /** Gives the next chunk; allowed when `cut` has answered undefined. */
  feed(chunk: Buffer): void {
    this.#chunk = chunk;
    this.#at = 0;
  }

  /** The next whole lines of what was fed; undefined when more must be fed. */
  cut(): LineRun | LongLine | undefined {
    while (this.#at < this.#chunk.length) {
      const cut = this.#cutSome();
      if (cut !== undefined) return cut;
    }
    this.#chunk = Buffer.alloc(0);
    this.#at = 0;
    return undefined;
  }

  /** The last line when no newline ended it. */
  finish(): LineRun | undefined {
    const bytes = this.#carry.take();
    return bytes.length === 0 ? undefined : { bytes, byteOffset: this.#offset - bytes.length };
  }

  #cutSome(): LineRun | LongLine | undefined {
    if (this.#skipping) {
      const newline = this.#chunk.indexOf(NEWLINE, this.#at);
      this.#advance(newline < 0 ? this.#chunk.length : newline + 1);
      this.#skipping = newline < 0;
      return undefined;
    }
    if (this.#carry.length > 0) return this.#completeCarried();
    const windowEnd = Math.min(this.#at + RUN_BYTES, this.#chunk.length);
    const runEnd = this.#chunk.lastIndexOf(NEWLINE, windowEnd - 1) + 1;
    return runEnd > this.#at ? this.#run(runEnd) : this.#longerThanRun(windowEnd);
  }

  /** The line that began in an earlier chunk. */
  #completeCarried(): LineRun | LongLine | undefined {
    const newline = this.#chunk.indexOf(NEWLINE, this.#at);
    const end = newline < 0 ? this.#chunk.length : newline + 1;
    const lineBytes = this.#carry.length + end - this.#at - (newline < 0 ? 0 : 1);
    if (lineBytes > this.#maxLineBytes) return this.#giveUp(lineBytes, end, newline < 0);
    this.#carry.append(this.#chunk.subarray(this.#at, end));
    this.#advance(end);
    if (newline < 0) return undefined;
    const bytes = this.#carry.take();
    return { bytes, byteOffset: this.#offset - bytes.length };
  }

  /** A line that starts here and does not end within the window. */
  #longerThanRun(windowEnd: number): LineRun | LongLine | undefined {
    const newline = this.#chunk.indexOf(NEWLINE, windowEnd);
    const end = newline < 0 ? this.#chunk.length : newline + 1;
    const lineBytes = end - this.#at - (newline < 0 ? 0 : 1);
    if (lineBytes > this.#maxLineBytes) return this.#giveUp(lineBytes, end, newline < 0);
    if (newline >= 0) return this.#run(end);
    this.#carry.append(this.#chunk.subarray(this.#at));
    this.#advance(end);
    return undefined;
  }

  #run(end: number): LineRun {
    const run = { bytes: this.#chunk.subarray(this.#at, end), byteOffset: this.#offset };
    this.#advance(end);
    return run;
  }

  #giveUp(seenBytes: number, end: number, unfinished: boolean): LongLine {
    const byteOffset = this.#offset - this.#carry.length;
    this.#carry.clear();
    this.#advance(end);
    this.#skipping = unfinished;
    return { longLine: true, byteOffset, seenBytes };
  }

  #advance(end: number): void {
    this.#offset += end - this.#at;
    this.#at = end;
  }
}
