import { Buffer } from 'node:buffer';

/** A dropped chunk's memory is used again for one of at least this part of its size. */
const REUSE_RATIO = 0.5;

/**
 * Copies of chunks that will likely wait long and then be dropped. Dropped as they came they are garbage that only a collection of the old generation frees,
 * which let memory grow to several times the bound; a copy nobody else has can be written again.
 */
export class LagCopies {
  /** How many branches keep a copy. Only what all of them dropped is used again. */
  readonly #uses = new WeakMap<Buffer, number>();
  #spare: Buffer | undefined;

  /** A copy that `uses` branches will keep. */
  copy(chunk: Buffer, uses: number): Buffer {
    const spare = this.#spare;
    this.#spare = undefined;
    const isReusable =
      spare !== undefined && spare.length >= chunk.length && chunk.length >= spare.length * REUSE_RATIO;
    const copy = (isReusable ? spare : Buffer.allocUnsafeSlow(chunk.length)).subarray(0, chunk.length);
    chunk.copy(copy);
    this.#uses.set(copy, uses);
    return copy;
  }

  /** A branch dropped `chunk`. */
  release(chunk: Buffer): void {
    const uses = this.#uses.get(chunk);
    if (uses === undefined) return;
    this.#uses.set(chunk, uses - 1);
    if (uses === 1) this.#spare = Buffer.from(chunk.buffer);
  }

  /** A reader has `chunk` now: it is never written again. */
  giveAway(chunk: Buffer): void {
    this.#uses.delete(chunk);
  }

  /** Drops everything. */
  clear(): void {
    this.#spare = undefined;
  }
}
