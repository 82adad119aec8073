import type { Buffer } from 'node:buffer';
import { SpillFile, type SpillFileSetup } from '../spill/spill-file.ts';
import { Fifo } from './fifo.ts';
import { chunkWeight } from './item-weight.ts';

const SPILL_READ_BYTES = 64 * 1024;

/** One branch: what it has still to read, in memory first and then in its file. */
export class TeeBranch {
  readonly chunks: Fifo<Buffer> = new Fifo();
  lagBytes = 0;
  skippedCount = 0;
  failure: Error | undefined;
  isOpen = true;
  #file: SpillFile | undefined;
  #readBytes = 0;
  /** A write under way: what it writes is not there to be read yet. */
  #writing: Promise<void> | undefined;

  /** New chunks go to the file until it has been read to its end, so that order is kept. */
  get isSpilling(): boolean {
    return this.#file !== undefined;
  }

  keep(chunk: Buffer): void {
    this.chunks.push(chunk);
    this.lagBytes += chunkWeight(chunk);
  }

  takeOldest(): Buffer | undefined {
    const chunk = this.chunks.shift();
    if (chunk !== undefined) this.lagBytes -= chunkWeight(chunk);
    return chunk;
  }

  async spill(chunk: Buffer, setup: SpillFileSetup): Promise<void> {
    this.#file ??= new SpillFile(setup);
    this.#writing = this.#file.append(chunk);
    try {
      await this.#writing;
    } finally {
      this.#writing = undefined;
    }
  }

  /** The next piece of the file; undefined when all of it was read, and the file is gone. */
  async readSpilled(): Promise<Buffer | undefined> {
    // A failed write ends the branch where it was asked for; here it only means that nothing more is there.
    if (this.#readBytes === this.#file?.byteLength) await this.#writing?.catch(() => undefined);
    const file = this.#file;
    if (file === undefined) return undefined;
    const piece = await file.read(this.#readBytes, SPILL_READ_BYTES);
    this.#readBytes += piece.length;
    if (this.#readBytes === file.byteLength && this.#writing === undefined) this.#closeFile();
    return piece.length > 0 ? piece : undefined;
  }

  drop(): void {
    this.isOpen = false;
    this.chunks.clear();
    this.lagBytes = 0;
    this.#closeFile();
  }

  #closeFile(): void {
    this.#file?.close();
    this.#file = undefined;
    this.#readBytes = 0;
  }
}
