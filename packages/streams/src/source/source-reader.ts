import type { FileHandle } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { PlimsollError } from '@plimsoll/memory/holders';
import { Flow } from '../flow/flow.ts';
import { NodeReader } from './node-reader.ts';

/** A sequence of items: a Node or Web stream, an async iterable, or an iterable. */
export type ItemSource<T> = AsyncIterable<T> | Iterable<T> | ReadableStream<T>;

/** An open source. After `cancel` a pending `next` settles at once, whatever the source does. */
export interface SourceReader<T> {
  next(): Promise<IteratorResult<T, undefined>>;
  /** Ends early: destroys or cancels the source. Never rejects. Idempotent. */
  cancel(reason?: unknown): Promise<void>;
}

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };

/** Reads an iterable that is there already; an iterable of promises is awaited item by item, as `for await` does. */
class IterableReader<T> implements SourceReader<T> {
  readonly #iterator: Iterator<T | PromiseLike<T>>;
  #ended = false;

  constructor(iterator: Iterator<T | PromiseLike<T>>) {
    this.#iterator = iterator;
  }

  async next(): Promise<IteratorResult<T, undefined>> {
    if (this.#ended) return DONE;
    const result = this.#iterator.next();
    if (result.done !== true) return { done: false, value: await result.value };
    this.#ended = true;
    return DONE;
  }

  async cancel(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    try {
      this.#iterator.return?.();
    } catch {
      // The iterable is being given up: what it says while closing changes nothing for the caller, who has the first error.
    }
  }
}

/** Reads an async iterator; what a cancel does to its origin is given by `stop`. */
class IteratorReader<T> implements SourceReader<T> {
  readonly #iterator: AsyncIterator<T>;
  readonly #stop: (reason: unknown, pending: boolean) => unknown;
  #settle: ((result: IteratorReturnResult<undefined>) => void) | undefined;
  #ended = false;

  constructor(iterator: AsyncIterator<T>, stop: (reason: unknown, pending: boolean) => unknown) {
    this.#iterator = iterator;
    this.#stop = stop;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#ended) return Promise.resolve(DONE);
    return new Promise((resolve, reject) => {
      this.#settle = resolve;
      const step = async (): Promise<void> => {
        try {
          const result = await this.#iterator.next();
          if (result.done === true) this.#ended = true;
          this.#settle = undefined;
          resolve(this.#ended ? DONE : (result as IteratorYieldResult<T>));
        } catch (error) {
          this.#settle = undefined;
          this.#ended = true;
          reject(error as Error);
        }
      };
      void step();
    });
  }

  async cancel(reason?: unknown): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    const settle = this.#settle;
    this.#settle = undefined;
    settle?.(DONE);
    try {
      // A generator that waits inside `next` runs `return` only after that wait, which may be for ever: it is told, and not waited for.
      const stopping = Promise.resolve(this.#stop(reason, settle !== undefined));
      if (settle === undefined) await stopping;
      else stopping.catch(() => undefined);
    } catch {
      // The stream is being given up: what its source says while closing changes nothing for the caller, who has the first error.
    }
  }
}

/** True for a Node stream that can be read. */
export function isNodeReadable(source: unknown): source is Readable {
  const stream = source as Partial<Readable> | null;
  return typeof stream?.pipe === 'function' && typeof stream.on === 'function' && 'readable' in stream;
}

/** True for a Web stream. */
export function isWebReadable<T>(source: unknown): source is ReadableStream<T> {
  return typeof (source as Partial<ReadableStream> | null)?.getReader === 'function';
}

/** True for the handle of an open file; an `fs.ReadStream` whose file is open has all of its members, too. */
export function isFileHandle(source: unknown): source is FileHandle {
  const handle = source as Partial<FileHandle> | null;
  return (
    typeof handle?.read === 'function' &&
    typeof handle.fd === 'number' &&
    typeof handle.close === 'function' &&
    !isNodeReadable(source)
  );
}

function openWeb<T>(stream: ReadableStream<T>): SourceReader<T> {
  if (stream.locked) {
    throw new PlimsollError(
      'ERR_PLIMSOLL_OPTION',
      'The ReadableStream is locked: somebody else reads it. Pass a stream nobody reads, or a tee of it.',
    );
  }
  const reader = stream.getReader();
  const iterator = { next: () => reader.read() as Promise<IteratorResult<T>> };
  return new IteratorReader(iterator, (reason) => reader.cancel(reason));
}

function methodOf<T>(source: unknown, name: symbol): (() => T) | undefined {
  const method = (source as { [key: symbol]: unknown } | null | undefined)?.[name];
  return typeof method === 'function' ? () => method.call(source) as T : undefined;
}

/** The stream keeps its error itself (`errored`), and tells it to a reader that comes later. */
function keepForReader(): void {}

/**
 * Refuses at the call what could not be opened later. A Node stream that fails before it is read must not end the process: its error is told to who reads.
 * @throws ERR_PLIMSOLL_OPTION.
 */
export function requireSource(source: unknown): void {
  const isNode = isNodeReadable(source);
  if (isNode) source.once('error', keepForReader);
  const openable =
    isNode ||
    isWebReadable(source) ||
    isFileHandle(source) ||
    source instanceof ArrayBuffer ||
    methodOf(source, Symbol.asyncIterator) !== undefined ||
    methodOf(source, Symbol.iterator) !== undefined;
  if (openable) return;
  throw new PlimsollError(
    'ERR_PLIMSOLL_OPTION',
    `The source is ${source === null ? 'null' : typeof source}; expected a Node stream, a Web stream, an async iterable or an iterable. A Response and a Request have theirs in body.`,
  );
}

/** A flow settles a pending `next` when it is ended, by itself. */
function openFlow<T>(flow: Flow<T>): SourceReader<T> {
  return {
    next: () => flow.next(),
    cancel: async () => {
      await flow.return();
    },
  };
}

/** Opens any {@link ItemSource}. @throws ERR_PLIMSOLL_OPTION when it is none, or a locked Web stream. */
export function openSource<T>(source: ItemSource<T>): SourceReader<T> {
  if (isNodeReadable(source)) return new NodeReader(source);
  if (isWebReadable<T>(source)) return openWeb(source);
  requireSource(source);
  if (source instanceof Flow) return openFlow(source as Flow<T>);
  const openAsync = methodOf<AsyncIterator<T>>(source, Symbol.asyncIterator);
  if (openAsync === undefined) {
    const open = methodOf<Iterator<T | PromiseLike<T>>>(source, Symbol.iterator) as () => Iterator<T>;
    return new IterableReader(open());
  }
  const iterator = openAsync();
  return new IteratorReader(iterator, () => iterator.return?.());
}
