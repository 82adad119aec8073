import { Buffer } from 'node:buffer';
import type { FileHandle } from 'node:fs/promises';
import { formatFault } from '../fault.ts';
import { FILE_READ_BYTES } from './node-reader.ts';
import { isFileHandle, type ItemSource, openSource, type SourceReader } from './source-reader.ts';

/** A piece of bytes or of text. Text is read as UTF-8; a surrogate pair may be split between two pieces. */
export type ByteChunk = Uint8Array | ArrayBuffer | string;

/**
 * Where bytes come from: a Node stream, a Web stream, an async iterable or iterable of chunks, one chunk, or an open file (read from its position through
 * one reused buffer, the cheapest source there is, and left open: who opened it closes it).
 */
export type ByteSource = ItemSource<ByteChunk> | ByteChunk | FileHandle;

/** Reads a {@link ByteSource} as Buffers. */
export interface ByteReader {
  /** The next bytes, never empty; undefined at the end. */
  read(): Promise<Buffer | undefined>;
  /** Ends early. Never rejects. */
  cancel(reason?: unknown): Promise<void>;
}

class FileReader implements ByteReader {
  readonly #file: FileHandle;
  readonly #lend: boolean;
  #buffer: Buffer | undefined;
  #ended = false;

  constructor(file: FileHandle, lend: boolean) {
    this.#file = file;
    this.#lend = lend;
  }

  async read(): Promise<Buffer | undefined> {
    if (this.#ended) return undefined;
    const buffer = this.#buffer ?? Buffer.allocUnsafeSlow(FILE_READ_BYTES);
    if (this.#lend) this.#buffer = buffer;
    const { bytesRead } = await this.#file.read(buffer, 0, FILE_READ_BYTES, null);
    if (bytesRead > 0) return buffer.subarray(0, bytesRead);
    await this.cancel();
    return undefined;
  }

  cancel(): Promise<void> {
    this.#ended = true;
    this.#buffer = undefined;
    return Promise.resolve();
  }
}

class ChunkReader implements ByteReader {
  readonly #source: SourceReader<ByteChunk>;
  /** The first half of a surrogate pair that ended the last text. */
  #halfPair = '';

  constructor(source: SourceReader<ByteChunk>) {
    this.#source = source;
  }

  async read(): Promise<Buffer | undefined> {
    for (;;) {
      const { done, value } = await this.#source.next();
      if (done === true) {
        if (this.#halfPair !== '') throw brokenPair();
        return undefined;
      }
      const bytes = typeof value === 'string' ? this.#encode(value) : bytesOf(value);
      if (bytes.length > 0) return bytes;
    }
  }

  cancel(reason?: unknown): Promise<void> {
    return this.#source.cancel(reason);
  }

  #encode(text: string): Buffer {
    let whole = this.#halfPair === '' ? text : this.#halfPair + text;
    const last = whole.charCodeAt(whole.length - 1);
    this.#halfPair = last >= 0xd800 && last <= 0xdbff ? whole.slice(-1) : '';
    if (this.#halfPair !== '') whole = whole.slice(0, -1);
    if (!isWellFormed(whole)) throw brokenPair();
    return Buffer.from(whole, 'utf8');
  }
}

/** `String.prototype.isWellFormed` (Node 20 has it, the library types of this build do not). */
function isWellFormed(text: string): boolean {
  return (text as string & { isWellFormed(): boolean }).isWellFormed();
}

function brokenPair(): Error {
  return formatFault('The text holds half of a surrogate pair, which no UTF-8 can express.', {
    reason: 'surrogate',
  });
}

function bytesOf(chunk: unknown): Buffer {
  if (Buffer.isBuffer(chunk)) return chunk;
  if (chunk instanceof Uint8Array) return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  if (chunk instanceof ArrayBuffer) return Buffer.from(chunk);
  throw formatFault(
    `The source gave a chunk of type ${chunk === null ? 'null' : typeof chunk}; expected bytes or text. Is it a stream of objects?`,
    { reason: 'chunk-type' },
  );
}

/**
 * Opens any {@link ByteSource}. `lent` Buffers are valid until the next `read`; `kept` ones are never written again and may be passed on.
 * @throws ERR_PLIMSOLL_OPTION when it is none.
 */
export function openBytes(source: ByteSource, buffers: 'lent' | 'kept'): ByteReader {
  if (isFileHandle(source)) return new FileReader(source, buffers === 'lent');
  const single = typeof source === 'string' || source instanceof Uint8Array || source instanceof ArrayBuffer;
  return new ChunkReader(openSource(single ? [source] : source));
}
