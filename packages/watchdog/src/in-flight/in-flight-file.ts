import { closeSync, constants, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { InFlightReport } from './in-flight-request.ts';

const fileName = 'requests.json';
/** One page: the kernel writes it in one piece. */
const fileBytes = 4096;

/**
 * What was in flight, on disk: eight requests in one page that is written in place, so that it outlives a kill without a word. Made with the first request; a service that
 * answers none has none.
 */
export class InFlightFile {
  readonly #path: string;
  readonly #page: Buffer = Buffer.alloc(fileBytes);
  #descriptor: number | undefined;
  #isEmpty = true;

  constructor(runPath: string) {
    this.#path = join(runPath, fileName);
  }

  /** Replaces what stands there. Nothing after nothing is not written. @throws what the file system throws. */
  write(report: InFlightReport): void {
    if (report.count === 0 && this.#isEmpty) return;
    this.#isEmpty = report.count === 0;
    this.#descriptor ??= openSync(
      this.#path,
      constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | (constants.O_NOFOLLOW ?? 0),
      0o600,
    );
    let text = JSON.stringify(report);
    if (Buffer.byteLength(text) >= fileBytes)
      text = JSON.stringify({ ...report, suspects: report.suspects.slice(0, 2) });
    this.#page.fill(0x20);
    this.#page.write(text, 'utf8');
    this.#page[fileBytes - 1] = 0x0a;
    writeSync(this.#descriptor, this.#page, 0, fileBytes, 0);
  }

  /** Closes the file and leaves it where it is. */
  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }
}

/** What a process was answering when it last wrote so; undefined when it answered nothing. Never throws. */
export function readInFlight(runPath: string): InFlightReport | undefined {
  try {
    const report = JSON.parse(readFileSync(join(runPath, fileName), 'utf8')) as InFlightReport;
    return report.count > 0 ? report : undefined;
  } catch {
    // No request ever came, or the page is torn.
    return undefined;
  }
}
