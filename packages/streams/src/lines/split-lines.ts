import { Buffer, isAscii, isUtf8 } from 'node:buffer';
import { Flow } from '../flow/flow.ts';
import type { FlowOptions } from '../flow/flow-options.ts';
import { type Batch, drained, type Puller } from '../flow/puller.ts';
import { checkBound } from '../option-check.ts';
import { type ByteSource, openBytes } from '../source/byte-source.ts';
import { requireSource } from '../source/source-reader.ts';
import { type BadLineOptions, checkBadLines } from './bad-line.ts';
import type { LineRun } from './line-cutter.ts';
import { LineReader } from './line-reader.ts';

/** How {@link splitLines} splits. */
export interface SplitLinesOptions extends FlowOptions, BadLineOptions {
  /** Bytes of the longest line taken, without its newline. Memory is at most this and one chunk. */
  readonly maxLineBytes: number;
}

const NEWLINE = 10;
const RETURN = 13;
const NO_RUN: LineRun = { bytes: Buffer.alloc(0), byteOffset: 0 };

class SplitPuller implements Puller<string>, Batch<string> {
  readonly #lines: LineReader;
  #run = NO_RUN;
  #at = 0;
  #encoding: 'ascii' | 'utf8' | 'broken' = 'ascii';

  constructor(lines: LineReader) {
    this.#lines = lines;
  }

  async pull(): Promise<Batch<string> | undefined> {
    const run = await this.#lines.next();
    if (run === undefined) return undefined;
    this.#run = run;
    this.#at = 0;
    this.#encoding = isAscii(run.bytes) ? 'ascii' : isUtf8(run.bytes) ? 'utf8' : 'broken';
    return this;
  }

  take(): string | typeof drained {
    const { bytes, byteOffset } = this.#run;
    while (this.#at < bytes.length) {
      const start = this.#at;
      const newline = bytes.indexOf(NEWLINE, start);
      const lineEnd = newline < 0 ? bytes.length : newline;
      this.#at = lineEnd + 1;
      this.#lines.lineNumber += 1;
      const lineBytes = lineEnd - start;
      if (this.#lines.isTooLong(lineBytes)) {
        this.#lines.refuse('too-long', 'it is longer than maxLineBytes', byteOffset + start, lineBytes);
        continue;
      }
      const end = lineBytes > 0 && newline >= 0 && bytes[lineEnd - 1] === RETURN ? lineEnd - 1 : lineEnd;
      if (this.#encoding === 'broken' && !isUtf8(bytes.subarray(start, end))) {
        this.#lines.refuse('utf8', 'it is not UTF-8', byteOffset + start, lineBytes);
        continue;
      }
      // Each line is decoded by itself: a substring of a longer text would keep all of that text alive.
      return bytes.toString(this.#encoding === 'ascii' ? 'latin1' : 'utf8', start, end);
    }
    return drained;
  }

  close(reason: unknown): Promise<void> {
    this.#run = NO_RUN;
    return this.#lines.close(reason);
  }

  stats(): ReturnType<LineReader['stats']> {
    return this.#lines.stats();
  }
}

/**
 * The lines of `source` as text, split at `\n` and `\r\n`. A byte order mark is dropped; bytes that are not UTF-8 are refused, never replaced. The last
 * line needs no newline.
 * @throws ERR_PLIMSOLL_OPTION at the call. While reading: ERR_PLIMSOLL_LIMIT for a line above `maxLineBytes`, ERR_PLIMSOLL_FORMAT for one that is not UTF-8.
 */
export function splitLines(source: ByteSource, options: SplitLinesOptions): Flow<string> {
  const maxLineBytes = checkBound('maxLineBytes', options?.maxLineBytes);
  const onBadLine = checkBadLines(options);
  requireSource(source);
  const { signal, name = 'streams.splitLines' } = options;
  return new Flow<string>({
    helper: 'splitLines',
    signal,
    open: () =>
      new SplitPuller(new LineReader({ reader: openBytes(source, 'lent'), name, maxLineBytes, onBadLine })),
  });
}
