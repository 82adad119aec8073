import { Buffer } from 'node:buffer';

const FIRST_BYTES = 1024;
/** Above this the buffer is given up after use instead of kept for the next line. */
const KEPT_BYTES = 64 * 1024;

/** The part of a line or element that came with earlier chunks. Grows by doubling, so that an endless line costs time in proportion to its bytes. */
export class CarryBuffer {
  #buffer: Buffer | undefined;
  #length = 0;

  /** Bytes carried. */
  get length(): number {
    return this.#length;
  }

  /** Bytes of memory behind it. */
  get capacityBytes(): number {
    return this.#buffer?.length ?? 0;
  }

  append(bytes: Buffer): void {
    const needed = this.#length + bytes.length;
    if (needed > this.capacityBytes) this.#grow(needed);
    bytes.copy(this.#buffer as Buffer, this.#length);
    this.#length = needed;
  }

  /** What was carried, and an empty carry: the view is valid until the next `append`. */
  take(): Buffer {
    const buffer = this.#buffer ?? Buffer.alloc(0);
    const view = buffer.subarray(0, this.#length);
    this.#length = 0;
    if (buffer.length > KEPT_BYTES) this.#buffer = undefined;
    return view;
  }

  /** Drops everything. */
  clear(): void {
    this.#buffer = undefined;
    this.#length = 0;
  }

  #grow(needed: number): void {
    let capacity = Math.max(this.capacityBytes, FIRST_BYTES);
    while (capacity < needed) capacity *= 2;
    const grown = Buffer.allocUnsafeSlow(capacity);
    this.#buffer?.copy(grown, 0, 0, this.#length);
    this.#buffer = grown;
  }
}
