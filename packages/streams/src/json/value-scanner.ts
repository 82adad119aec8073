import type { Buffer } from 'node:buffer';

const QUOTE = 34;
const COMMA = 44;
const BACKSLASH = 92;

/** Bytes of a string looked at one by one before `indexOf`, whose call costs as much as about this many bytes. */
const SHORT_STRING_BYTES = 48;

/**
 * Finds where a JSON value ends that stands in an array or object, by its brackets and strings alone: at the comma or closing bracket on its own level.
 * Whether the value is JSON is for `JSON.parse` to say. A value may come in any number of pieces; each byte is looked at once.
 */
export class ValueScanner {
  readonly #maxDepth: number;
  #depth = 0;
  #inString = false;
  #escaped = false;
  /** The value nests deeper than `maxDepth`; the scan stopped there. */
  isTooDeep = false;

  constructor(maxDepth: number) {
    this.#maxDepth = maxDepth;
  }

  /** Begins a new value. */
  start(): void {
    this.#depth = 0;
    this.#inString = false;
    this.#escaped = false;
    this.isTooDeep = false;
  }

  /** Where the value that goes on at `from` ends (the index of the comma or bracket after it), or −1 when it goes on in the next piece. */
  scan(bytes: Buffer, from: number): number {
    const end = bytes.length;
    let at = from;
    if (this.#inString) {
      at = this.#skipString(bytes, at);
      if (at < 0) return -1;
    }
    let depth = this.#depth;
    while (at < end) {
      const code = bytes[at] as number;
      if (code === QUOTE) {
        this.#inString = true;
        at = this.#skipString(bytes, at + 1);
        if (at < 0) break;
        continue;
      }
      // Setting one bit makes `[` and `{` one byte, and `]` and `}` another.
      const folded = code | 32;
      if (folded === 123) {
        depth += 1;
        if (depth > this.#maxDepth) {
          this.isTooDeep = true;
          return -1;
        }
      } else if (folded === 125) {
        if (depth === 0) return at;
        depth -= 1;
      } else if (code === COMMA && depth === 0) {
        return at;
      }
      at += 1;
    }
    this.#depth = depth;
    return -1;
  }

  /** The byte after the closing quote of the string that goes on at `from`, or −1. */
  #skipString(bytes: Buffer, from: number): number {
    const end = bytes.length;
    let at = this.#escaped ? from + 1 : from;
    this.#escaped = false;
    const near = Math.min(end, from + SHORT_STRING_BYTES);
    while (at < near) {
      const code = bytes[at] as number;
      if (code === QUOTE) {
        this.#inString = false;
        return at + 1;
      }
      at += code === BACKSLASH ? 2 : 1;
    }
    return this.#skipLongString(bytes, at);
  }

  /** As {@link ValueScanner.#skipString}, by jumps from quote to quote; a quote after an odd run of backslashes is part of the string. */
  #skipLongString(bytes: Buffer, from: number): number {
    const end = bytes.length;
    let start = from;
    while (start < end) {
      const quote = bytes.indexOf(QUOTE, start);
      const stop = quote < 0 ? end : quote;
      let run = stop;
      while (run > start && bytes[run - 1] === BACKSLASH) run -= 1;
      const isEscaped = (stop - run) % 2 === 1;
      if (quote < 0) {
        this.#escaped = isEscaped;
        return -1;
      }
      if (!isEscaped) {
        this.#inString = false;
        return quote + 1;
      }
      start = quote + 1;
    }
    // An escape was the last byte looked at: its second byte is the first of the next piece.
    this.#escaped = from > end;
    return -1;
  }
}
