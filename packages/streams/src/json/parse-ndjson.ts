import { Buffer, isAscii, isUtf8 } from 'node:buffer';
import { Flow, type FlowOptions } from '../flow/flow.ts';
import { type Batch, drained, type Puller } from '../flow/puller.ts';
import { type BadLineOptions, type BadLineReason, checkBadLines } from '../lines/bad-line.ts';
import { LineReader, type OpenRun } from '../lines/line-reader.ts';
import { checkBound, checkCount } from '../option-check.ts';
import { type ByteSource, openBytes } from '../source/byte-source.ts';
import { requireSource } from '../source/source-reader.ts';
import { isDeeperThan } from './depth.ts';
import { describeParseFault } from './parse-fault.ts';
import { checkProtoKeys, hasProtoKey, mayHoldProtoKey, type ProtoKeyOptions } from './proto-key.ts';

/** How {@link parseNdjson} reads. */
export interface ParseNdjsonOptions extends FlowOptions, BadLineOptions, ProtoKeyOptions {
  /** Bytes of the longest line taken, without its newline. Memory is at most this, its value, and one chunk. */
  readonly maxLineBytes: number;
  /**
   * Deepest nesting of arrays and objects taken. Counting costs a pass over every line longer than two bytes a level.
   * @default undefined, not counted: `JSON.parse` does not recurse, and `maxLineBytes` bounds the depth
   */
  readonly maxDepth?: number | undefined;
}

const NO_BYTES = Buffer.alloc(0);

/**
 * Bytes made into text at once. The text is what survives a collection of the young generation, and V8 makes that generation larger (to 48 MB) the more
 * survives: 32 KiB made it grow within 2 GB of input.
 */
const TEXT_BYTES = 8 * 1024;

interface RowChecks {
  readonly maxDepth: number | undefined;
  readonly rejectProtoKeys: boolean;
}

/** A line that must be refused; thrown and caught inside this file. */
class RefusedLine {
  readonly reason: BadLineReason;
  readonly message: string;

  constructor(reason: BadLineReason, message: string) {
    this.reason = reason;
    this.message = message;
  }
}

class NdjsonPuller implements Puller<unknown>, Batch<unknown> {
  readonly #lines: LineReader;
  readonly #maxLineBytes: number;
  readonly #checks: RowChecks;
  /** The run being read, whose bytes before `#decodedBytes` are text already. */
  #run: OpenRun = { bytes: NO_BYTES, byteOffset: 0, isLast: false };
  #decodedBytes = 0;
  /** Some whole lines of the run, and where the next of them starts. */
  #text = '';
  #at = 0;
  #isLast = false;
  #maySmuggle = false;
  /** Byte and character of a place known to be the same, so that offsets are counted once over and not from the start each time. */
  #knownByte = 0;
  #knownAt = 0;
  /** 1 when every character is one byte. */
  #maxBytesPerCharacter = 1;
  /** Lines of a run that holds bytes that are not UTF-8: looked at one by one. */
  #suspects: Buffer = NO_BYTES;
  #suspectsByte = 0;

  constructor(lines: LineReader, maxLineBytes: number, checks: RowChecks) {
    this.#lines = lines;
    this.#maxLineBytes = maxLineBytes;
    this.#checks = checks;
  }

  async pull(): Promise<Batch<unknown> | undefined> {
    if (this.#suspects.length > 0) {
      this.#openSuspect();
      return this;
    }
    const run = await this.#lines.next();
    if (run === undefined) return undefined;
    this.#open(run);
    return this;
  }

  take(): unknown {
    while (this.#at < this.#text.length || this.#decodeMore()) {
      const text = this.#text;
      const start = this.#at;
      const newline = text.indexOf('\n', start);
      const end = newline < 0 ? text.length : newline;
      this.#at = end + 1;
      this.#lines.lineNumber += 1;
      if ((end - start) * this.#maxBytesPerCharacter > this.#maxLineBytes && this.#isTooLong(start, end)) {
        continue;
      }
      const line = text.substring(start, end);
      try {
        const row: unknown = JSON.parse(line);
        if (newline < 0 || this.#maySmuggle || this.#checks.maxDepth !== undefined) {
          this.#check(row, line, newline < 0);
        }
        return row;
      } catch (error) {
        if (!(error instanceof RefusedLine) && line.trim() === '' && isJsonBlank(line)) continue;
        this.#refuse(error, line, start, newline < 0);
      }
    }
    return drained;
  }

  close(reason: unknown): Promise<void> {
    this.#text = '';
    this.#at = 0;
    this.#run = { bytes: NO_BYTES, byteOffset: 0, isLast: false };
    this.#suspects = NO_BYTES;
    return this.#lines.close(reason);
  }

  stats(): ReturnType<LineReader['stats']> {
    return this.#lines.stats();
  }

  #open({ bytes, byteOffset, isLast }: OpenRun): void {
    const ascii = isAscii(bytes);
    this.#isLast = isLast;
    if (!ascii && !isUtf8(bytes)) {
      this.#suspects = bytes;
      this.#suspectsByte = byteOffset;
      this.#openSuspect();
      return;
    }
    this.#run = { bytes, byteOffset, isLast };
    this.#decodedBytes = 0;
    this.#maxBytesPerCharacter = ascii ? 1 : 3;
  }

  /** Makes the next lines of the run text; false when there are none. */
  #decodeMore(): boolean {
    const { bytes, byteOffset } = this.#run;
    const from = this.#decodedBytes;
    if (from >= bytes.length) return false;
    const end = endOfLines(bytes, from);
    this.#text = bytes.toString(this.#maxBytesPerCharacter === 1 ? 'latin1' : 'utf8', from, end);
    this.#at = 0;
    this.#knownAt = 0;
    this.#knownByte = byteOffset + from;
    this.#decodedBytes = end;
    this.#maySmuggle = this.#checks.rejectProtoKeys && mayHoldProtoKey(this.#text);
    return true;
  }

  #openSuspect(): void {
    const newline = this.#suspects.indexOf(10);
    const end = newline < 0 ? this.#suspects.length : newline + 1;
    const bytes = this.#suspects.subarray(0, end);
    const byteOffset = this.#suspectsByte;
    this.#suspects = this.#suspects.subarray(end);
    this.#suspectsByte += end;
    if (isUtf8(bytes)) {
      this.#open({ bytes, byteOffset, isLast: this.#isLast });
      return;
    }
    this.#lines.lineNumber += 1;
    this.#lines.refuse('utf8', 'it is not UTF-8', byteOffset, newline < 0 ? end : end - 1);
  }

  #check(row: unknown, line: string, unterminated: boolean): void {
    if (unterminated && typeof row === 'number') {
      throw new RefusedLine(
        'truncated',
        'the input ends in a number without a newline, which cannot be told from the beginning of a longer one',
      );
    }
    const { maxDepth } = this.#checks;
    if (maxDepth !== undefined && isDeeperThan(line, maxDepth)) {
      throw new RefusedLine('too-deep', `it nests deeper than maxDepth = ${maxDepth}`);
    }
    if (this.#maySmuggle && mayHoldProtoKey(line) && hasProtoKey(row)) {
      throw new RefusedLine('proto-key', 'it holds a key __proto__');
    }
  }

  #isTooLong(start: number, end: number): boolean {
    const lineBytes = this.#bytesOf(start, end);
    if (lineBytes <= this.#maxLineBytes) return false;
    this.#lines.refuse('too-long', 'it is longer than maxLineBytes', this.#byteAt(start), lineBytes);
    return true;
  }

  #refuse(error: unknown, line: string, start: number, unterminated: boolean): void {
    const lineBytes = this.#bytesOf(start, start + line.length);
    const byteOffset = this.#byteAt(start);
    if (error instanceof RefusedLine) {
      this.#lines.refuse(error.reason, error.message, byteOffset, lineBytes);
      return;
    }
    const { message, truncated } = describeParseFault(error, line);
    const reason = truncated && unterminated ? 'truncated' : 'syntax';
    const what = reason === 'truncated' ? 'the input is truncated: ' : '';
    this.#lines.refuse(reason, `${what}${message}`, byteOffset, lineBytes);
  }

  #bytesOf(start: number, end: number): number {
    return this.#maxBytesPerCharacter === 1
      ? end - start
      : Buffer.byteLength(this.#text.substring(start, end));
  }

  #byteAt(at: number): number {
    this.#knownByte += this.#bytesOf(this.#knownAt, at);
    this.#knownAt = at;
    return this.#knownByte;
  }
}

/** Where the last line within the next {@link TEXT_BYTES} ends, or the first one when it is longer. */
function endOfLines(bytes: Buffer, from: number): number {
  const windowEnd = from + TEXT_BYTES;
  if (windowEnd >= bytes.length) return bytes.length;
  const last = bytes.lastIndexOf(10, windowEnd - 1);
  const newline = last >= from ? last : bytes.indexOf(10, windowEnd);
  return newline < 0 ? bytes.length : newline + 1;
}

/** Only what JSON calls white space; `trim` takes more. */
function isJsonBlank(line: string): boolean {
  return /^[ \t\r]*$/.test(line);
}

/**
 * The values of newline-delimited JSON, one a line. Empty lines are passed over; a byte order mark is dropped; bytes that are not UTF-8 are refused, never
 * replaced. The last line needs no newline, except when it is a bare number, which cannot be told from a truncated one (RFC 7464, 2.4).
 *
 * A line is parsed when it is taken: what is read ahead is text.
 * @throws ERR_PLIMSOLL_OPTION at the call. While reading: ERR_PLIMSOLL_LIMIT for a line above `maxLineBytes`, ERR_PLIMSOLL_FORMAT for one that is not JSON;
 * `details` are the {@link BadLine}.
 * @see https://github.com/ndjson/ndjson-spec
 */
export function parseNdjson<T = unknown>(source: ByteSource, options: ParseNdjsonOptions): Flow<T> {
  const maxLineBytes = checkBound('maxLineBytes', options?.maxLineBytes);
  const maxDepth = options.maxDepth === undefined ? undefined : checkCount('maxDepth', options.maxDepth, 0);
  const rejectProtoKeys = checkProtoKeys(options);
  const onBadLine = checkBadLines(options);
  requireSource(source);
  const { signal, name = 'streams.parseNdjson' } = options;
  return new Flow<T>({
    helper: 'parseNdjson',
    signal,
    open: () => {
      const lines = new LineReader({ reader: openBytes(source, 'lent'), name, maxLineBytes, onBadLine });
      const puller: Puller<unknown> = new NdjsonPuller(lines, maxLineBytes, { maxDepth, rejectProtoKeys });
      return puller as Puller<T>;
    },
  });
}
