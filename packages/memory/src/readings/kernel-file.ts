import { closeSync, openSync, readSync } from 'node:fs';

/** One buffer for every file of the thread: a reading is synchronous and is parsed before the next. A v2 memory.stat is about 2 kB. */
const buffer = Buffer.alloc(16 * 1024);

const DIGIT_0 = 48;
const DIGIT_9 = 57;
const SPACE = 32;
const POINT = 46;
const NEWLINE = 10;

/** Numbers at or above this stand for "no limit". */
const UNLIMITED_BYTES = 2 ** 60;

/** A key of a `key value` file, prepared once: the newline keeps `inactive_file` from matching `total_inactive_file`. */
export function lineKey(key: string): Buffer {
  return Buffer.from(`\n${key}`);
}

/**
 * A file of the kernel that stays open and is read again from its start: about 1 µs instead of 8 for open, read and close, and nothing is allocated. The
 * parse methods see what the last {@link refresh} of *any* KernelFile read, so parse at once.
 */
export class KernelFile {
  #descriptor: number;
  #byteCount = 0;

  private constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  /** Undefined when the file is missing or may not be read. */
  static open(path: string): KernelFile | undefined {
    try {
      return new KernelFile(openSync(path, 'r'));
    } catch {
      // Missing or forbidden: the reading goes on without this file, and the resolver has noted the reason.
      return undefined;
    }
  }

  /** Reads the file again; false when it cannot be read any more (its control group was removed). */
  refresh(): boolean {
    try {
      this.#byteCount = readSync(this.#descriptor, buffer, 0, buffer.length - 1, 0);
      buffer[this.#byteCount] = 0;
      return true;
    } catch {
      // ENODEV of a removed control group; the caller looks for the new one.
      this.#byteCount = 0;
      return false;
    }
  }

  /** The first number of the file. */
  integer(): number {
    return digitsAt(0);
  }

  /** The limit in the file: Infinity for `max`, 0, everything from 2^60 up, and what is no number: no limit is made of that. */
  limitBytes(): number {
    for (let at = 0; at < this.#byteCount; at += 1) {
      const byte = buffer[at] ?? 0;
      if ((byte < DIGIT_0 || byte > DIGIT_9) && byte !== NEWLINE) return Number.POSITIVE_INFINITY;
    }
    const bytes = digitsAt(0);
    return bytes > 0 && bytes < UNLIMITED_BYTES ? bytes : Number.POSITIVE_INFINITY;
  }

  /** The number behind `key` (see {@link lineKey}); NaN when the key is not there. */
  number(key: Buffer): number {
    const at = buffer.indexOf(key);
    return at === -1 || at >= this.#byteCount ? Number.NaN : digitsAt(at + key.length);
  }

  /** The numbers of a line of integers, such as /proc/self/statm, into `into`. */
  integers(into: Float64Array): void {
    let at = 0;
    for (let index = 0; index < into.length; index += 1) {
      into[index] = digitsAt(at);
      while (buffer[at] === SPACE) at += 1;
      while (at < this.#byteCount && buffer[at] !== SPACE) at += 1;
    }
  }

  /** True when the file differs from `copy`, which then holds the new content. */
  differsFrom(copy: FileCopy): boolean {
    if (isSame(copy, this.#byteCount)) return false;
    copy.byteCount = this.#byteCount;
    buffer.copy(copy.bytes, 0, 0, this.#byteCount);
    return true;
  }

  close(): void {
    try {
      closeSync(this.#descriptor);
    } catch {
      // Closed behind our back: there is nothing left to close.
    }
    this.#descriptor = -1;
  }
}

/** What a file held when it was looked at last. */
export interface FileCopy {
  byteCount: number;
  readonly bytes: Buffer;
}

/** An empty {@link FileCopy}: differs from every file. */
export function emptyFileCopy(): FileCopy {
  return { byteCount: -1, bytes: Buffer.alloc(buffer.length) };
}

/** A loop: Buffer's own compare allocates on Node 24, and the file has about a hundred bytes. */
function isSame(copy: FileCopy, byteCount: number): boolean {
  if (copy.byteCount !== byteCount) return false;
  for (let at = 0; at < byteCount; at += 1) if (copy.bytes[at] !== buffer[at]) return false;
  return true;
}

/** The decimal number at `start` in the buffer, leading blanks skipped; NaN when there is none. */
function digitsAt(start: number): number {
  let at = start;
  while (buffer[at] === SPACE) at += 1;
  let byte = buffer[at] ?? 0;
  if (byte < DIGIT_0 || byte > DIGIT_9) return Number.NaN;
  let value = 0;
  while (byte >= DIGIT_0 && byte <= DIGIT_9) {
    value = value * 10 + (byte - DIGIT_0);
    at += 1;
    byte = buffer[at] ?? 0;
  }
  if (byte !== POINT) return value;
  let scale = 1;
  at += 1;
  byte = buffer[at] ?? 0;
  while (byte >= DIGIT_0 && byte <= DIGIT_9) {
    scale /= 10;
    value += (byte - DIGIT_0) * scale;
    at += 1;
    byte = buffer[at] ?? 0;
  }
  return value;
}
