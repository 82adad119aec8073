import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { setImmediate } from 'node:timers/promises';
import { abortedFault } from '../fault.ts';
import type { FlowSetup } from './flow-options.ts';
import { type Batch, drained, type FlowStats, type Puller } from './puller.ts';

/** A stretch after which the event loop gets a turn even when the source never waits: timers and other requests go on. */
const STRETCH_MS = 25;

const END: IteratorReturnResult<undefined> = { done: true, value: undefined };

/**
 * Items made one after another, at the pace they are taken: an async iterable, a Node stream ({@link Flow.toNode}) or a Web stream ({@link Flow.toWeb}).
 * Nothing is read before it is asked for. A flow is read once.
 *
 * Leaving a `for await` early, an error, and the signal all end the source.
 */
export class Flow<T> implements AsyncIterableIterator<T, undefined> {
  readonly #setup: FlowSetup<T>;
  #puller: Puller<T> | undefined;
  #batch: Batch<T> | undefined;
  /** The step under way; further calls of `next` queue behind it. */
  #turn: Promise<IteratorResult<T, undefined>> | undefined;
  #interrupt: ((error: Error) => void) | undefined;
  #state: 'ready' | 'open' | 'ended' = 'ready';
  #failure: Error | undefined;
  #itemCount = 0;
  #stretchEndMs = 0;
  #lastStats: Partial<FlowStats> = {};

  constructor(setup: FlowSetup<T>) {
    this.#setup = setup;
  }

  /** Items are Buffers. */
  get isOfBytes(): boolean {
    return this.#setup.ofBytes === true;
  }

  /** The flow itself. */
  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The next item. Rejects once with the error that ended the flow. */
  next(): Promise<IteratorResult<T, undefined>> {
    const batch = this.#batch;
    if (batch !== undefined && this.#turn === undefined) {
      let item: T | typeof drained;
      try {
        item = batch.take();
      } catch (error) {
        return this.#fail(error as Error);
      }
      if (item !== drained) {
        this.#itemCount += 1;
        return Promise.resolve({ done: false, value: item });
      }
    }
    return this.#step();
  }

  /** Ends the flow and its source; what was not taken is gone. */
  async return(): Promise<IteratorReturnResult<undefined>> {
    await this.#end(undefined);
    return END;
  }

  /** Ends the flow and its source. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end(undefined);
  }

  /**
   * Calls `use` with every item, waiting when it returns a promise: the fastest way through, because items that are there already are handed over without
   * one promise each.
   */
  async forEach(use: (item: T) => unknown): Promise<void> {
    try {
      for (;;) {
        const { done, value } = await this.next();
        if (done === true) return;
        const waiting = use(value);
        if (waiting instanceof Promise) await waiting;
        await this.#useBatch(use);
      }
    } catch (error) {
      await this.#end(error as Error);
      throw error;
    }
  }

  async #useBatch(use: (item: T) => unknown): Promise<void> {
    while (this.#batch !== undefined) {
      const item = this.#batch.take();
      if (item === drained) return;
      this.#itemCount += 1;
      const waiting = use(item);
      if (waiting instanceof Promise) await waiting;
    }
  }

  /** All items in an array. For tests and small data: an array has no bound of its own. */
  async toArray(): Promise<T[]> {
    const items: T[] = [];
    await this.forEach((item) => void items.push(item));
    return items;
  }

  /**
   * The flow as a Node stream; `destroy` ends the source. A flow of bytes buffers up to 64 KiB, any other one item. An item `null` cannot travel in a
   * stream of objects: Node refuses it with `ERR_STREAM_NULL_VALUES`.
   */
  toNode(): Readable {
    return Readable.from(this, {
      objectMode: !this.isOfBytes,
      highWaterMark: this.isOfBytes ? 64 * 1024 : 1,
    });
  }

  /** The flow as a Web stream; `cancel` ends the source. Nothing is read ahead. */
  toWeb(): ReadableStream<T> {
    // The global, not the module: Web streams are loaded (2 MB) by who uses them.
    return new globalThis.ReadableStream<T>(
      {
        pull: async (controller) => {
          const { done, value } = await this.next();
          if (done === true) controller.close();
          else controller.enqueue(value);
        },
        cancel: (reason) => this.#end(undefined, reason),
      },
      { highWaterMark: 0 },
    );
  }

  /** What has passed so far. */
  stats(): FlowStats {
    const stats = this.#setup.stats?.() ?? this.#puller?.stats?.() ?? this.#lastStats;
    return { readBytes: 0, skippedCount: 0, heldBytes: 0, ...stats, itemCount: this.#itemCount };
  }

  #step(): Promise<IteratorResult<T, undefined>> {
    const waiting = this.#turn;
    const turn = waiting === undefined ? this.#advance() : this.#after(waiting);
    this.#turn = turn;
    const clear = (): void => {
      if (this.#turn === turn) this.#turn = undefined;
    };
    turn.then(clear, clear);
    return turn;
  }

  async #after(waiting: Promise<unknown>): Promise<IteratorResult<T, undefined>> {
    await waiting.catch(() => undefined); // Its own caller has that error.
    return this.#advance();
  }

  async #advance(): Promise<IteratorResult<T, undefined>> {
    try {
      if (this.#state === 'ready') this.#start();
      while (this.#state === 'open') {
        const item = this.#batch === undefined ? drained : this.#batch.take();
        if (item !== drained) {
          this.#itemCount += 1;
          return { done: false, value: item };
        }
        const batch = await this.#pull();
        if (batch === undefined) await this.#end(undefined);
        else if (this.#isOpen()) this.#batch = batch;
      }
    } catch (error) {
      return this.#fail(error as Error);
    }
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure;
    return END;
  }

  /** Asked after a wait, in which the flow may have been ended. */
  #isOpen(): boolean {
    return this.#state === 'open';
  }

  #start(): void {
    const { signal, helper } = this.#setup;
    this.#puller = this.#setup.open();
    this.#state = 'open';
    this.#stretchEndMs = performance.now() + STRETCH_MS;
    if (signal === undefined) return;
    if (signal.aborted) throw abortedFault(helper, signal);
    signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  readonly #onAbort = (): void => {
    const { signal, helper } = this.#setup;
    if (signal === undefined || this.#state !== 'open') return;
    const error = abortedFault(helper, signal);
    const interrupt = this.#interrupt;
    if (interrupt === undefined) this.#failure = error;
    void this.#end(error);
    interrupt?.(error);
  };

  async #pull(): Promise<Batch<T> | undefined> {
    if (performance.now() > this.#stretchEndMs) {
      await setImmediate();
      this.#stretchEndMs = performance.now() + STRETCH_MS;
    }
    if (this.#puller === undefined) return undefined;
    const pulling = this.#puller.pull();
    if (this.#setup.signal === undefined) return pulling;
    return new Promise((resolve, reject) => {
      this.#interrupt = reject;
      const settle = (): void => {
        this.#interrupt = undefined;
      };
      pulling.finally(settle).then(resolve, reject);
    });
  }

  async #fail(error: Error): Promise<never> {
    await this.#end(error);
    throw error;
  }

  /** Ends everything once. After an error the closing is not waited for: a source that hangs while closing must not hide the error. */
  async #end(error: Error | undefined, reason: unknown = error): Promise<void> {
    if (this.#state === 'ended') return;
    const puller = this.#state === 'ready' ? this.#setup.open() : this.#puller;
    const pending = this.#interrupt !== undefined;
    this.#state = 'ended';
    this.#batch = undefined;
    this.#setup.signal?.removeEventListener('abort', this.#onAbort);
    if (puller === undefined) return;
    this.#lastStats = { ...puller.stats?.(), heldBytes: 0 };
    this.#puller = undefined;
    const closing = puller.close(reason);
    if (error === undefined && !pending) await closing;
    else closing.catch(() => undefined); // The caller has the first error; what closing says after it changes nothing.
  }
}
