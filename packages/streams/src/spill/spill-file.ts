import { Buffer } from 'node:buffer';
import { close, closeSync, openSync, read, unlinkSync, write, writeSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PlimsollError } from '@plimsoll/memory/holders';
import { limitFault } from '../fault.ts';
import { resolveSpillFolder } from './spill-folder.ts';

const readFd = promisify(read);
const writeFd = promisify(write);

/** Bounds of a {@link SpillFile}. */
export interface SpillFileSetup {
  readonly folder: string | undefined;
  readonly maxDiskBytes: number;
}

/** Closes the descriptor of a file nobody closed. */
const abandoned = new FinalizationRegistry<number>((fd) => {
  close(fd, () => undefined); // Nobody is left who could be told.
});

/**
 * A temporary file without a name: created 0600, unlinked at once, gone with its descriptor whatever happens to the process. Written at its end, read
 * anywhere.
 */
export class SpillFile {
  readonly #maxDiskBytes: number;
  readonly #fd: number;
  #writtenBytes = 0;
  #isClosed = false;
  /** Reads and writes under way. */
  #useCount = 0;

  /** @throws ERR_PLIMSOLL_UNAVAILABLE when no folder on a disk can be written. */
  constructor(setup: SpillFileSetup) {
    this.#maxDiskBytes = setup.maxDiskBytes;
    const path = join(resolveSpillFolder(setup.folder), `plimsoll-${globalThis.crypto.randomUUID()}`);
    this.#fd = openSync(path, 'wx+', 0o600);
    abandoned.register(this, this.#fd, this);
    try {
      unlinkSync(path);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Bytes in the file. */
  get byteLength(): number {
    return this.#writtenBytes;
  }

  /** Adds bytes; one call at a time. @throws ERR_PLIMSOLL_LIMIT when the file would pass its quota; nothing is written then. */
  async append(bytes: Buffer): Promise<void> {
    this.#requireRoom(bytes.length);
    await this.#use(async () => {
      for (let done = 0; done < bytes.length;) {
        const position = this.#writtenBytes + done;
        const { bytesWritten } = await writeFd(this.#fd, bytes, done, bytes.length - done, position);
        done += bytesWritten;
      }
    });
    this.#writtenBytes += bytes.length;
  }

  /** As {@link SpillFile.append}, at once: for the pressure path. */
  appendSync(bytes: Buffer): void {
    this.#requireRoom(bytes.length);
    const position = this.#writtenBytes;
    for (let done = 0; done < bytes.length;) {
      done += writeSync(this.#fd, bytes, done, bytes.length - done, position + done);
    }
    this.#writtenBytes += bytes.length;
  }

  /** Up to `count` bytes at `position`. */
  async read(position: number, count: number): Promise<Buffer> {
    const buffer = Buffer.allocUnsafeSlow(Math.min(count, this.#writtenBytes - position));
    if (buffer.length === 0) return buffer;
    const { bytesRead } = await this.#use(() => readFd(this.#fd, buffer, 0, buffer.length, position));
    return buffer.subarray(0, bytesRead);
  }

  /** Lets go of the file, after the reads and writes under way: their descriptor must not be given to somebody else before they are done. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    abandoned.unregister(this);
    if (this.#useCount === 0) closeSync(this.#fd);
  }

  async #use<R>(work: () => Promise<R>): Promise<R> {
    if (this.#isClosed) throw new PlimsollError('ERR_PLIMSOLL_DISPOSED', 'The temporary file was closed.');
    this.#useCount += 1;
    try {
      return await work();
    } finally {
      this.#useCount -= 1;
      if (this.#isClosed && this.#useCount === 0) closeSync(this.#fd);
    }
  }

  #requireRoom(byteCount: number): void {
    const neededBytes = this.#writtenBytes + byteCount;
    if (neededBytes > this.#maxDiskBytes) {
      throw limitFault('The spilled data', 'maxDiskBytes', this.#maxDiskBytes, neededBytes);
    }
  }
}
