import { Buffer } from 'node:buffer';
import { Writable } from 'node:stream';
import type { WritableStream } from 'node:stream/web';
import { PlimsollError } from '@plimsoll/memory/holders';
import { limitFault } from '../fault.ts';
import { Flow } from '../flow/flow.ts';
import type { FlowOptions } from '../flow/flow-options.ts';
import { type Batch, OneItem, type Puller } from '../flow/puller.ts';
import { Holding } from '../holding.ts';
import { checkBound } from '../option-check.ts';
import { Fifo } from './fifo.ts';
import { chunkWeight, unpinned } from './item-weight.ts';
import { WakeUp } from './wake-up.ts';

/** How {@link byteQueue} is bounded. */
export interface ByteQueueOptions extends FlowOptions {
  /** Bytes that may wait to be read. Each chunk weighs its bytes and 128. */
  readonly maxBytes: number;
}

interface Waiter {
  readonly chunk: Buffer;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * A queue of bytes between producers and one consumer. Producers wait while it is full ({@link ByteQueue.push}) or are told so
 * ({@link ByteQueue.tryPush}); the consumer reads {@link ByteQueue.flow}.
 */
export class ByteQueue {
  /** The reading side. When it ends early, producers are refused. */
  readonly flow: Flow<Buffer>;
  readonly #maxBytes: number;
  readonly #holding: Holding;
  readonly #chunks = new Fifo<Buffer>();
  #bytes = 0;
  readonly #waiters = new Fifo<Waiter>();
  #waitingBytes = 0;
  readonly #arrived = new WakeUp();
  #state: 'open' | 'ending' | 'closed' = 'open';
  #failure: Error | undefined;

  constructor(options: ByteQueueOptions) {
    this.#maxBytes = checkBound('maxBytes', options?.maxBytes);
    this.#holding = new Holding(options.name ?? 'streams.byteQueue');
    const puller: Puller<Buffer> = {
      pull: () => this.#pull(),
      close: (reason) => this.#close(reason),
    };
    this.flow = new Flow({
      helper: 'byteQueue',
      signal: options.signal,
      ofBytes: true,
      open: () => puller,
      stats: () => ({ heldBytes: this.heldBytes }),
    });
  }

  /** Bytes that wait to be read, and those producers wait with. */
  get heldBytes(): number {
    return this.#bytes + this.#waitingBytes;
  }

  /** Adds a chunk when there is room; false, and nothing added, when there is none. The chunk belongs to the queue then. */
  tryPush(chunk: Uint8Array): boolean {
    this.#refuseWhenOver();
    if (this.#waiters.count > 0 || this.#bytes + chunkWeight(chunk) > this.#maxBytes) return false;
    this.#add(unpinned(asBuffer(chunk)));
    return true;
  }

  /**
   * Adds a chunk, waiting for room; a chunk larger than the queue goes in by pieces. The chunk belongs to the queue then.
   * @throws ERR_PLIMSOLL_LIMIT when pushes that were not waited for hold as much as the queue may: the producer ignores back-pressure.
   * @throws ERR_PLIMSOLL_DISPOSED when the queue has ended.
   */
  async push(chunk: Uint8Array): Promise<void> {
    const pieceBytes = Math.max(1, Math.floor(this.#maxBytes / 2));
    const whole = asBuffer(chunk);
    if (whole.length <= pieceBytes) return this.#pushPiece(unpinned(whole));
    for (let at = 0; at < whole.length; at += pieceBytes) {
      await this.#pushPiece(whole.subarray(at, at + pieceBytes));
    }
  }

  /** Says that no more will come; what waits is still read. */
  end(): void {
    if (this.#state === 'open') this.#state = 'ending';
    this.#arrived.ring();
  }

  /** Ends the reading side with `error`, after what waits. */
  fail(error: Error): void {
    this.#failure ??= error;
    this.end();
  }

  /** The writing side as a Node stream. */
  toWritable(): Writable {
    return new Writable({
      highWaterMark: 1,
      write: (chunk: Buffer, _encoding, done) => void answer(this.push(chunk), done),
      final: (done) => {
        this.end();
        done();
      },
      destroy: (error, done) => {
        if (error !== null) this.fail(error);
        done(error);
      },
    });
  }

  /** The writing side as a Web stream. */
  toWebWritable(): WritableStream<Uint8Array> {
    return new globalThis.WritableStream<Uint8Array>(
      {
        write: (chunk) => this.push(chunk),
        close: () => this.end(),
        abort: (reason) => this.fail(reason instanceof Error ? reason : new Error(String(reason))),
      },
      { highWaterMark: 1 },
    );
  }

  async #pushPiece(piece: Buffer): Promise<void> {
    this.#refuseWhenOver();
    const weight = chunkWeight(piece);
    if (this.#waiters.count === 0 && (this.#bytes === 0 || this.#bytes + weight <= this.#maxBytes)) {
      this.#add(piece);
      return;
    }
    if (this.#waitingBytes + weight > this.#maxBytes && this.#waiters.count > 0) {
      throw limitFault(
        'What waits outside the full queue',
        'maxBytes',
        this.#maxBytes,
        this.#waitingBytes + weight,
        { waitingPushCount: this.#waiters.count },
      );
    }
    this.#waitingBytes += weight;
    this.#account();
    await new Promise<void>((resolve, reject) => {
      this.#waiters.push({ chunk: piece, resolve, reject });
    });
  }

  #add(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunkWeight(chunk);
    this.#account();
    this.#arrived.ring();
  }

  #account(): void {
    this.#holding.bytes = this.heldBytes;
  }

  async #pull(): Promise<Batch<Buffer> | undefined> {
    let chunk = this.#chunks.shift();
    while (chunk === undefined) {
      if (this.#state !== 'open' && this.#waiters.count === 0) {
        if (this.#failure !== undefined) throw this.#failure;
        return undefined;
      }
      await this.#arrived.wait();
      chunk = this.#chunks.shift();
    }
    this.#bytes -= chunkWeight(chunk);
    this.#admitWaiters();
    this.#account();
    return new OneItem(chunk);
  }

  #admitWaiters(): void {
    for (;;) {
      const waiter = this.#waiters.peek();
      if (waiter === undefined) return;
      const weight = chunkWeight(waiter.chunk);
      if (this.#bytes > 0 && this.#bytes + weight > this.#maxBytes) return;
      this.#waiters.shift();
      this.#waitingBytes -= weight;
      this.#add(waiter.chunk);
      waiter.resolve();
    }
  }

  #close(reason: unknown): Promise<void> {
    this.#state = 'closed';
    this.#chunks.clear();
    this.#bytes = 0;
    this.#waitingBytes = 0;
    for (let waiter = this.#waiters.shift(); waiter !== undefined; waiter = this.#waiters.shift()) {
      waiter.reject(over(reason));
    }
    this.#arrived.ring();
    this.#holding.close();
    return Promise.resolve();
  }

  #refuseWhenOver(): void {
    if (this.#state !== 'open') throw over(this.#failure);
  }
}

async function answer(work: Promise<void>, done: (error?: Error) => void): Promise<void> {
  try {
    await work;
  } catch (error) {
    done(error as Error);
    return;
  }
  done();
}

function over(cause: unknown): PlimsollError {
  return new PlimsollError(
    'ERR_PLIMSOLL_DISPOSED',
    'byteQueue: the queue has ended, by its producer or because its reader left.',
    { cause },
  );
}

function asBuffer(chunk: Uint8Array): Buffer {
  return Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}

/** A {@link ByteQueue} of at most `maxBytes`. @throws ERR_PLIMSOLL_OPTION. */
export function byteQueue(options: ByteQueueOptions): ByteQueue {
  return new ByteQueue(options);
}
