import { finished, type Readable } from 'node:stream';
import type { SourceReader } from './source-reader.ts';

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };

/** Who waits for the next item. */
interface Waiting<T> {
  resolve(result: IteratorResult<T, undefined>): void;
  reject(error: Error): void;
}

/**
 * Reads a Node stream by its `readable` event: what its own async iterator does, without the generator, which cost 64 KiB of a file a fifth of its time.
 * Destroying is ours to decide (an HTTP request must stay open for its 413), so nothing but `cancel` does it.
 */
export class NodeReader<T> implements SourceReader<T> {
  readonly #stream: Readable;
  readonly #forget: () => void;
  #waiting: Waiting<T> | undefined;
  /** Undefined while it goes on, null after its end. */
  #outcome: Error | null | undefined;
  readonly #onReadable = (): void => {
    const waiting = this.#waiting;
    const item = waiting === undefined ? null : this.#read();
    if (waiting === undefined || item === null) return;
    this.#waiting = undefined;
    waiting.resolve({ done: false, value: item });
  };

  constructor(stream: Readable) {
    this.#stream = stream;
    this.#forget = finished(stream, { writable: false }, (error) => this.#finish(error ?? null));
    stream.on('readable', this.#onReadable);
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#outcome === undefined) {
      const item = this.#read();
      if (item !== null) return Promise.resolve({ done: false, value: item });
      return new Promise((resolve, reject) => {
        this.#waiting = { resolve, reject };
      });
    }
    const outcome = this.#outcome;
    this.#outcome = null;
    return outcome === null ? Promise.resolve(DONE) : Promise.reject(outcome);
  }

  cancel(): Promise<void> {
    if (this.#outcome === null) return Promise.resolve();
    // A stream that errors afterwards must not end the process for want of a listener.
    this.#stream.once('error', () => {});
    this.#stream.destroy();
    this.#finish(null);
    return Promise.resolve();
  }

  #read(): T | null {
    return this.#stream.destroyed ? null : (this.#stream.read() as T | null);
  }

  #finish(outcome: Error | null): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    this.#outcome = waiting === undefined ? outcome : null;
    this.#stream.off('readable', this.#onReadable);
    this.#forget();
    if (waiting === undefined) return;
    if (outcome === null) waiting.resolve(DONE);
    else waiting.reject(outcome);
  }
}
