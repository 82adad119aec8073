import { Buffer, isUtf8 } from 'node:buffer';
import { CarryBuffer } from '../lines/carry-buffer.ts';

const QUOTE = 34;
const BACKSLASH = 92;
const OPENING_QUOTE = Buffer.from('"');

/** Reads the key of an object that may come in any number of pieces. Each byte is looked at once, however many are escaped. */
export class KeyReader {
  readonly #bytes = new CarryBuffer();
  #isEscape = false;

  /** Bytes of the key so far, quotes included. */
  get keyBytes(): number {
    return this.#bytes.length;
  }

  /** Begins a key, after its opening quote. */
  start(): void {
    this.#isEscape = false;
    this.#bytes.append(OPENING_QUOTE);
  }

  /** Takes what there is of the key from `from`; answers the byte after its closing quote, or −1 when it goes on in the next piece. */
  read(chunk: Buffer, from: number): number {
    for (let at = from; at < chunk.length; at++) {
      if (this.#isEscape) this.#isEscape = false;
      else if (chunk[at] === BACKSLASH) this.#isEscape = true;
      else if (chunk[at] === QUOTE) {
        this.#bytes.append(chunk.subarray(from, at + 1));
        return at + 1;
      }
    }
    this.#bytes.append(chunk.subarray(from));
    return -1;
  }

  /** The key; undefined when its bytes are no JSON string. */
  take(): string | undefined {
    const bytes = this.#bytes.take();
    if (!isUtf8(bytes)) return undefined;
    try {
      return JSON.parse(bytes.toString('utf8')) as string;
    } catch {
      return undefined; // What V8 says quotes the key; the fault says where it is instead.
    }
  }
}
