import { Buffer } from 'node:buffer';

const FIRST_BYTES = 4096;

/** Slack above which the result is copied to its own size instead of keeping the rest of the buffer alive. */
const KEPT_SLACK_RATIO = 0.125;

/**
 * Gathers bytes into one buffer that grows by doubling and never beyond the bound. A list of the chunks would be simpler and has no bound: a sender of
 * one-byte chunks makes a megabyte cost a hundred.
 */
export class ByteCollector {
  readonly #maxBytes: number;
  #buffer: Buffer = Buffer.alloc(0);
  #length = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get length(): number {
    return this.#length;
  }

  /** Bytes of memory behind it. */
  get capacityBytes(): number {
    return this.#buffer.length;
  }

  /** False, and nothing is kept, when the bytes would pass the bound. */
  append(bytes: Buffer): boolean {
    const needed = this.#length + bytes.length;
    if (needed > this.#maxBytes) {
      this.clear();
      return false;
    }
    if (needed > this.#buffer.length) {
      const doubled = Math.max(needed, 2 * this.#buffer.length, FIRST_BYTES);
      const grown = Buffer.allocUnsafeSlow(Math.min(doubled, Math.ceil(this.#maxBytes)));
      this.#buffer.copy(grown, 0, 0, this.#length);
      this.#buffer = grown;
    }
    bytes.copy(this.#buffer, this.#length);
    this.#length = needed;
    return true;
  }

  /** Everything gathered. */
  finish(): Buffer {
    const whole = this.#buffer.subarray(0, this.#length);
    this.#buffer = Buffer.alloc(0);
    const slack = whole.buffer.byteLength - whole.length;
    if (slack <= whole.length * KEPT_SLACK_RATIO) return whole;
    const exact = Buffer.allocUnsafeSlow(whole.length);
    whole.copy(exact);
    return exact;
  }

  clear(): void {
    this.#buffer = Buffer.alloc(0);
    this.#length = 0;
  }
}
