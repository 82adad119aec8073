import type { Flow } from '../flow/flow.ts';
import type { FlowOptions } from '../flow/flow-options.ts';
import { generatedFlow, type Workbench } from '../flow/generated-flow.ts';
import { checkBound, checkCount, checkMs } from '../option-check.ts';
import { type ItemSource, requireSource, type SourceReader } from '../source/source-reader.ts';
import { scaleOf, type Weigh, type WeightOptions } from './item-weight.ts';

/** How {@link batch} gathers. */
export interface BatchOptions<T> extends FlowOptions, WeightOptions<T> {
  /** Bytes of the items of one batch at most. */
  readonly maxBytes: number;
  /**
   * Items of one batch at most.
   * @default 1000
   */
  readonly maxCount?: number | undefined;
  /**
   * How long the first item of a batch waits for others at most, in milliseconds.
   * @default undefined: until the batch is full or the source ends
   */
  readonly maxWaitMs?: number | undefined;
}

const DEFAULTS = Object.freeze({ maxCount: 1000 });

interface Bounds<T> {
  readonly maxBytes: number;
  readonly maxCount: number;
  readonly maxWaitMs: number | undefined;
  readonly weigh: Weigh<T>;
}

const LATE = Symbol('late');

/** `next`, or {@link LATE} when the clock is faster. */
function nextOrLate<R>(next: Promise<R>, late: Promise<typeof LATE> | undefined): Promise<R | typeof LATE> {
  return late === undefined ? next : Promise.race([next, late]);
}

/** A clock that starts with the first item of a batch. */
class BatchClock {
  readonly #maxWaitMs: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #late: Promise<typeof LATE> | undefined;

  constructor(maxWaitMs: number | undefined) {
    this.#maxWaitMs = maxWaitMs;
  }

  get late(): Promise<typeof LATE> | undefined {
    return this.#late;
  }

  start(): void {
    if (this.#maxWaitMs === undefined || this.#late !== undefined) return;
    this.#late = new Promise((resolve) => {
      this.#timer = setTimeout(resolve, this.#maxWaitMs, LATE);
    });
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#late = undefined;
  }
}

type Answer<T> =
  | { readonly done: false; readonly value: T }
  | { readonly done: true }
  | { readonly done: true; readonly error: unknown };

/** The next item; a failure is an answer, so that one that comes while a batch is being used is not an unhandled rejection. */
async function ask<T>(items: SourceReader<T>): Promise<Answer<T>> {
  try {
    const { done, value } = await items.next();
    return done === true ? { done: true } : { done: false, value };
  } catch (error) {
    return { done: true, error };
  }
}

async function* batches<T>(
  bench: Workbench,
  items: SourceReader<T>,
  bounds: Bounds<T>,
): AsyncGenerator<T[], void, undefined> {
  const clock = new BatchClock(bounds.maxWaitMs);
  bench.onClose(() => clock.stop());
  let batch: T[] = [];
  let batchBytes = 0;
  const close = (): T[] => {
    const whole = batch;
    batch = [];
    batchBytes = 0;
    bench.holding.bytes = 0;
    clock.stop();
    return whole;
  };
  let next = ask(items);
  for (;;) {
    const result = await nextOrLate(next, clock.late);
    if (result === LATE) {
      yield close();
      continue;
    }
    if (result.done) {
      // What was gathered before a source failed has come whole: it is given out first.
      if (batch.length > 0) yield close();
      if ('error' in result) throw result.error;
      return;
    }
    const weight = bounds.weigh(result.value);
    if (batch.length > 0 && batchBytes + weight > bounds.maxBytes) yield close();
    batch.push(result.value);
    batchBytes += weight;
    bench.holding.bytes = batchBytes;
    clock.start();
    if (batch.length >= bounds.maxCount || batchBytes >= bounds.maxBytes) yield close();
    next = ask(items);
  }
}

/**
 * Items gathered into arrays, each closed by whichever comes first: `maxCount`, `maxBytes`, or `maxWaitMs` after its first item. An item that does not fit
 * begins the next batch; none is ever split or lost.
 * @throws ERR_PLIMSOLL_OPTION at the call. While reading: ERR_PLIMSOLL_LIMIT for one item above `maxBytes`.
 */
export function batch<T>(source: ItemSource<T>, options: BatchOptions<T>): Flow<T[]> {
  const maxBytes = checkBound('maxBytes', options?.maxBytes);
  const maxCount = checkCount('maxCount', options.maxCount ?? DEFAULTS.maxCount);
  const maxWaitMs = options.maxWaitMs === undefined ? undefined : checkMs('maxWaitMs', options.maxWaitMs);
  requireSource(source);
  const weigh = scaleOf(options, 'maxBytes', maxBytes);
  return generatedFlow('batch', options, (bench) =>
    batches(bench, bench.openItems(source), { maxBytes, maxCount, maxWaitMs, weigh }),
  );
}
