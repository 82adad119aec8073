import type { Buffer } from 'node:buffer';
import { PlimsollError, requireBytes } from '@plimsoll/memory/holders';
import { chunkWeight, unpinned } from '../bounded/item-weight.ts';
import { throwIfAborted } from '../fault.ts';
import type { Flow } from '../flow/flow.ts';
import type { FlowOptions } from '../flow/flow-options.ts';
import { generatedFlow } from '../flow/generated-flow.ts';
import { Holding, type Reclaimable } from '../holding.ts';
import { checkBound } from '../option-check.ts';
import { type ByteReader, type ByteSource, openBytes } from '../source/byte-source.ts';
import { requireSource } from '../source/source-reader.ts';
import { SpillFile } from './spill-file.ts';

/** How {@link spillToDisk} keeps what it reads. */
export interface SpillOptions extends FlowOptions {
  /** Bytes kept in memory; above them everything is in the file. */
  readonly maxMemoryBytes: number;
  /** Bytes of the file at most. */
  readonly maxDiskBytes: number;
  /**
   * Where the temporary file is made; must not be kept in memory (tmpfs).
   * @default the system's temporary folder, or `/var/tmp` when that one is in memory
   */
  readonly folder?: string | undefined;
}

const READ_BYTES = 64 * 1024;

/** Bytes kept until they are disposed of: in memory while they are few, in an unnamed file when they are many. Read as often as wanted. */
export class SpilledBytes implements Reclaimable, AsyncDisposable {
  readonly #options: SpillOptions;
  readonly #holding: Holding;
  #chunks: Buffer[] = [];
  #memoryBytes = 0;
  #file: SpillFile | undefined;
  #byteLength = 0;
  #isDisposed = false;
  /** The call of `append` under way; further ones wait behind it. */
  #appending: Promise<void> | undefined;
  /** The file is being written: its memory cannot be given back twice. */
  #isWriting = false;

  constructor(options: SpillOptions) {
    this.#options = options;
    this.#holding = new Holding(options.name ?? 'streams.spillToDisk', this);
  }

  /** All bytes, wherever they are. */
  get byteLength(): number {
    return this.#byteLength;
  }

  /** They are in the file. */
  get isOnDisk(): boolean {
    return this.#file !== undefined;
  }

  /** Bytes held in memory. */
  get heldBytes(): number {
    return this.#memoryBytes;
  }

  /** Adds bytes at the end, after those of earlier calls. The chunk belongs to this object then. @throws ERR_PLIMSOLL_LIMIT above `maxDiskBytes`. */
  append(chunk: Buffer): Promise<void> {
    const before = this.#appending;
    const turn = before === undefined ? this.#append(chunk) : before.then(() => this.#append(chunk));
    const over = (): void => {
      if (this.#appending === settled) this.#appending = undefined;
    };
    // The caller has the failure; the next one has its own.
    const settled: Promise<void> = turn.then(over, over);
    this.#appending = settled;
    return turn;
  }

  async #append(chunk: Buffer): Promise<void> {
    this.#requireAlive();
    if (this.#file === undefined) {
      const weight = chunkWeight(chunk);
      if (this.#memoryBytes + weight <= this.#options.maxMemoryBytes) {
        this.#chunks.push(unpinned(chunk));
        this.#byteLength += chunk.length;
        this.#hold(this.#memoryBytes + weight);
        return;
      }
      await this.#moveToFile();
    }
    await (this.#file as SpillFile | undefined)?.append(chunk);
    this.#byteLength += chunk.length;
  }

  /** The bytes from the start, as a new flow each time. */
  read(options: FlowOptions = {}): Flow<Buffer> {
    this.#requireAlive();
    return generatedFlow('spillToDisk', options, () => this.#pieces(), true);
  }

  /** Moves what is in memory to the file, at once; the process's budget calls this under pressure. Never throws; 0 when the file cannot be made. */
  reclaim(_targetBytes: number): number {
    const returnedBytes = this.#memoryBytes;
    if (returnedBytes === 0 || this.#isWriting || this.#isDisposed) return 0;
    try {
      const file = this.#makeFile();
      for (const chunk of this.#chunks) file.appendSync(chunk);
      this.#adopt(file);
      return returnedBytes;
    } catch {
      return 0; // No disk, or a full one: the bytes stay where they are, which the answer says.
    }
  }

  /** Lets go of memory and file. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    this.#chunks = [];
    this.#hold(0);
    this.#file?.close();
    this.#file = undefined;
    this.#holding.close();
    return Promise.resolve();
  }

  async *#pieces(): AsyncGenerator<Buffer, void, undefined> {
    for (let position = 0, index = 0; position < this.#byteLength; index++) {
      this.#requireAlive();
      const chunk = this.#chunks[index];
      // The file may take over between two pieces: the position goes on there.
      const piece = chunk ?? (await this.#file?.read(position, READ_BYTES));
      if (piece === undefined || piece.length === 0) return;
      position += piece.length;
      yield piece;
    }
  }

  async #moveToFile(): Promise<void> {
    const file = this.#makeFile();
    this.#isWriting = true;
    try {
      for (const chunk of this.#chunks) await file.append(chunk);
    } catch (error) {
      file.close();
      throw error;
    } finally {
      this.#isWriting = false;
    }
    if (this.#isDisposed) file.close();
    else this.#adopt(file);
  }

  #makeFile(): SpillFile {
    const { folder, maxDiskBytes } = this.#options;
    return new SpillFile({ folder, maxDiskBytes });
  }

  #adopt(file: SpillFile): void {
    this.#file = file;
    this.#chunks = [];
    this.#hold(0);
  }

  #hold(bytes: number): void {
    this.#memoryBytes = bytes;
    this.#holding.bytes = bytes;
  }

  #requireAlive(): void {
    if (!this.#isDisposed) return;
    throw new PlimsollError('ERR_PLIMSOLL_DISPOSED', 'spillToDisk: the bytes were disposed of.');
  }
}

/** @throws ERR_PLIMSOLL_OPTION. */
export function checkSpillOptions(options: SpillOptions): void {
  requireBytes('maxMemoryBytes', options?.maxMemoryBytes);
  checkBound('maxDiskBytes', options.maxDiskBytes);
}

/**
 * Reads `source` to its end into a {@link SpilledBytes}: for data that is needed whole or twice and may be large. Dispose of it (`await using`); a forgotten
 * one is closed when it is collected.
 * @throws ERR_PLIMSOLL_OPTION; ERR_PLIMSOLL_LIMIT (`statusCode` 413) above `maxDiskBytes`; ERR_PLIMSOLL_UNAVAILABLE without a disk; ERR_PLIMSOLL_ABORTED.
 * Whatever the error, the source is destroyed and the file is gone.
 */
export async function spillToDisk(source: ByteSource, options: SpillOptions): Promise<SpilledBytes> {
  checkSpillOptions(options);
  requireSource(source);
  const { signal } = options;
  const reader = openBytes(source, 'kept');
  const spilled = new SpilledBytes(options);
  const onAbort = (): void => void reader.cancel(signal?.reason);
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    await readInto(spilled, reader, signal);
    return spilled;
  } catch (error) {
    void reader.cancel(error);
    await spilled[Symbol.asyncDispose]();
    throw error;
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
}

async function readInto(
  spilled: SpilledBytes,
  reader: ByteReader,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (;;) {
    throwIfAborted('spillToDisk', signal);
    const chunk = await reader.read();
    throwIfAborted('spillToDisk', signal);
    if (chunk === undefined) return;
    await spilled.append(chunk);
  }
}
