import type { Buffer } from 'node:buffer';
import { formatFault, HttpFault, limitFault } from '../fault.ts';
import { Holding } from '../holding.ts';
import type { ByteReader } from '../source/byte-source.ts';
import type { FlowStats } from '../flow/puller.ts';
import type { BadLine, BadLineReason } from './bad-line.ts';
import { LineCutter, type LineRun } from './line-cutter.ts';

/** What a {@link LineReader} needs to know. */
export interface LineReaderSetup {
  readonly reader: ByteReader;
  readonly name: string;
  readonly maxLineBytes: number;
  /** Undefined = bad lines end the flow. */
  readonly onBadLine: ((line: BadLine) => void) | undefined;
}

/** Reads runs of whole lines, counts lines, and deals with those that are not taken: what {@link splitLines} and {@link parseNdjson} share. */
export class LineReader {
  /** The line last taken; 1 is the first. */
  lineNumber = 0;
  #skippedCount = 0;
  readonly #setup: LineReaderSetup;
  readonly #cutter: LineCutter;
  readonly #holding: Holding;
  #finished = false;

  constructor(setup: LineReaderSetup) {
    this.#setup = setup;
    this.#cutter = new LineCutter(setup.maxLineBytes);
    this.#holding = new Holding(setup.name);
  }

  /** The next run, without the byte order mark of the input; undefined at the end. */
  async next(): Promise<LineRun | undefined> {
    while (!this.#finished) {
      const run = this.nextHeld();
      if (run !== undefined) return run;
      const chunk = await this.#setup.reader.read();
      if (chunk === undefined) return this.#finish();
      this.#cutter.feed(chunk);
      this.#holding.bytes = this.#cutter.heldBytes;
    }
    return undefined;
  }

  /** The next run of what has been read already; undefined when more must be read. */
  nextHeld(): LineRun | undefined {
    for (;;) {
      const cut = this.#cutter.cut();
      if (cut === undefined) return undefined;
      if (!('longLine' in cut)) return withoutMark(cut);
      this.lineNumber += 1;
      this.refuse('too-long', 'it is longer than maxLineBytes', cut.byteOffset, cut.seenBytes);
    }
  }

  /** True for a line above the bound. */
  isTooLong(lineBytes: number): boolean {
    return lineBytes > this.#setup.maxLineBytes;
  }

  /** Reports the line `lineNumber`, or throws when bad lines end the flow. */
  refuse(reason: BadLineReason, message: string, byteOffset: number, lineBytes: number): void {
    const { onBadLine, maxLineBytes } = this.#setup;
    const line: BadLine = { lineNumber: this.lineNumber, byteOffset, lineBytes, reason, message };
    this.#skippedCount += 1;
    if (onBadLine !== undefined) {
      onBadLine(line);
      return;
    }
    const where = `Line ${line.lineNumber} (byte ${byteOffset})`;
    if (reason === 'too-deep')
      throw new HttpFault('ERR_PLIMSOLL_LIMIT', 400, `${where}: ${message}.`, { ...line });
    if (reason === 'too-long') throw limitFault(where, 'maxLineBytes', maxLineBytes, lineBytes, { ...line });
    throw formatFault(
      `${where} was refused: ${message}. Pass badLines: 'skip-and-report' to go on without such lines.`,
      { ...line },
    );
  }

  async close(reason: unknown): Promise<void> {
    this.#finished = true;
    this.#holding.close();
    await this.#setup.reader.cancel(reason);
  }

  stats(): Partial<FlowStats> {
    return {
      readBytes: this.#cutter.fedBytes,
      skippedCount: this.#skippedCount,
      heldBytes: this.#holding.bytes,
    };
  }

  #finish(): LineRun | undefined {
    this.#finished = true;
    const last = this.#cutter.finish();
    if (last === undefined) return undefined;
    const run = withoutMark(last);
    return run.bytes.length === 0 ? undefined : run;
  }
}

const MARK_BYTES = 3;

function withoutMark(run: LineRun): LineRun {
  if (run.byteOffset !== 0 || !startsWithMark(run.bytes)) return run;
  return { bytes: run.bytes.subarray(MARK_BYTES), byteOffset: MARK_BYTES };
}

/** True when the bytes begin with a UTF-8 byte order mark. */
export function startsWithMark(bytes: Buffer): boolean {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
}
