import { Flow } from '../flow/flow.ts';
import type { FlowOptions } from '../flow/flow-options.ts';
import { type Batch, drained, type Puller } from '../flow/puller.ts';
import { type BadLineOptions, type BadLineReason, checkBadLines } from '../lines/bad-line.ts';
import { LineReader } from '../lines/line-reader.ts';
import { RunText } from '../lines/run-text.ts';
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

/** Bytes taken from what is read already before the flow is asked whether the event loop needs a turn. */
const STRETCH_BYTES = 256 * 1024;

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
  readonly #runText: RunText;
  readonly #maxLineBytes: number;
  readonly #checks: RowChecks;
  /** Some whole lines, and where the next of them starts. */
  #text = '';
  #at = 0;
  #maySmuggle = false;
  #stretchBytes = 0;

  constructor(lines: LineReader, maxLineBytes: number, checks: RowChecks) {
    this.#lines = lines;
    this.#runText = new RunText(lines);
    this.#maxLineBytes = maxLineBytes;
    this.#checks = checks;
  }

  async pull(): Promise<Batch<unknown> | undefined> {
    const run = await this.#lines.next();
    if (run === undefined) return undefined;
    this.#stretchBytes = STRETCH_BYTES - run.bytes.length;
    this.#runText.open(run);
    return this;
  }

  take(): unknown {
    while (this.#at < this.#text.length || this.#readOn()) {
      const text = this.#text;
      const start = this.#at;
      const newline = text.indexOf('\n', start);
      const end = newline < 0 ? text.length : newline;
      this.#at = end + 1;
      this.#lines.lineNumber += 1;
      if (
        (end - start) * this.#runText.maxBytesPerCharacter > this.#maxLineBytes &&
        this.#isTooLong(start, end)
      ) {
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
    this.#runText.clear();
    return this.#lines.close(reason);
  }

  stats(): ReturnType<LineReader['stats']> {
    return this.#lines.stats();
  }

  /** Makes the next lines text, as far as they are read already; false when there are none. */
  #readOn(): boolean {
    let text = this.#runText.next();
    while (text === undefined) {
      // The end of a line that began in an earlier chunk is a run of its own: what follows it need not wait for the next turn.
      const run = this.#stretchBytes > 0 ? this.#lines.nextHeld() : undefined;
      if (run === undefined) return false;
      this.#stretchBytes -= run.bytes.length;
      this.#runText.open(run);
      text = this.#runText.next();
    }
    this.#text = text;
    this.#at = 0;
    this.#maySmuggle = this.#checks.rejectProtoKeys && mayHoldProtoKey(text);
    return true;
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
    const lineBytes = this.#runText.bytesOf(start, end);
    if (lineBytes <= this.#maxLineBytes) return false;
    this.#lines.refuse('too-long', 'it is longer than maxLineBytes', this.#runText.byteAt(start), lineBytes);
    return true;
  }

  #refuse(error: unknown, line: string, start: number, unterminated: boolean): void {
    const lineBytes = this.#runText.bytesOf(start, start + line.length);
    const byteOffset = this.#runText.byteAt(start);
    if (error instanceof RefusedLine) {
      this.#lines.refuse(error.reason, error.message, byteOffset, lineBytes);
      return;
    }
    const { message, truncated } = describeParseFault(error, line);
    const reason = truncated && unterminated ? 'truncated' : 'syntax';
    const what = reason === 'truncated' ? 'the input is truncated: ' : '';
    this.#lines.refuse(reason, `${what}${message}`, byteOffset, lineBytes);
  }
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
