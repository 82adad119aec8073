import { Holding, type Reclaimable } from '../holding.ts';
import { type ByteReader, type ByteSource, openBytes } from '../source/byte-source.ts';
import { type ItemSource, openSource, type SourceReader } from '../source/source-reader.ts';
import { Flow } from './flow.ts';
import type { FlowOptions } from './flow-options.ts';
import { type Batch, type FlowStats, OneItem, type Puller } from './puller.ts';

/** What a generator of items works with; everything opened through it is released when the flow ends. */
export class Workbench {
  readonly holding: Holding;
  readonly #closers: ((reason: unknown) => unknown)[] = [];
  /** Items left out by policy. */
  skippedCount = 0;
  /** Bytes read from the source. */
  readBytes = 0;
  #ended: AbortController | undefined;
  #closed = false;

  constructor(name: string, reclaimable?: Reclaimable) {
    this.holding = new Holding(name, reclaimable);
  }

  /** Aborted when the flow ends early, for waits that take a signal. */
  get ended(): AbortSignal {
    this.#ended ??= new AbortController();
    if (this.#closed) this.#ended.abort();
    return this.#ended.signal;
  }

  openBytes(source: ByteSource): ByteReader {
    const reader = openBytes(source, 'kept');
    this.onClose((reason) => reader.cancel(reason));
    return reader;
  }

  openItems<T>(source: ItemSource<T>): SourceReader<T> {
    const reader = openSource(source);
    this.onClose((reason) => reader.cancel(reason));
    return reader;
  }

  /** Runs `close` when the flow ends, whatever way. */
  onClose(close: (reason: unknown) => unknown): void {
    this.#closers.push(close);
  }

  async close(reason: unknown): Promise<void> {
    this.#closed = true;
    this.#ended?.abort();
    await Promise.all(this.#closers.map((close) => close(reason)));
    this.holding.close();
  }
}

/** The items of a generator as a puller. */
class GeneratorPuller<T> implements Puller<T> {
  readonly #bench: Workbench;
  readonly #items: AsyncGenerator<T, void, undefined>;
  #pulling = false;

  constructor(bench: Workbench, items: AsyncGenerator<T, void, undefined>) {
    this.#bench = bench;
    this.#items = items;
  }

  async pull(): Promise<Batch<T> | undefined> {
    this.#pulling = true;
    try {
      const { done, value } = await this.#items.next();
      return done === true ? undefined : new OneItem(value);
    } finally {
      this.#pulling = false;
    }
  }

  async close(reason: unknown): Promise<void> {
    const pulling = this.#pulling;
    await this.#bench.close(reason);
    const returning = this.#items.return();
    // A generator inside a wait of the caller's (a mapper, a loader) returns after it; that wait has no end of ours.
    if (pulling) returning.catch(() => undefined);
    else await returning;
  }

  stats(): Partial<FlowStats> {
    const { holding, readBytes, skippedCount } = this.#bench;
    return { heldBytes: holding.bytes, readBytes, skippedCount };
  }
}

/** A flow whose items `generate` yields. */
export function generatedFlow<T>(
  helper: string,
  options: FlowOptions,
  generate: (bench: Workbench) => AsyncGenerator<T, void, undefined>,
  ofBytes = false,
): Flow<T> {
  return new Flow<T>({
    helper,
    signal: options.signal,
    ofBytes,
    open: () => {
      const bench = new Workbench(options.name ?? `streams.${helper}`);
      return new GeneratorPuller(bench, generate(bench));
    },
  });
}
