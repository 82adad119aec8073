import type { Flow } from '../flow/flow.ts';
import type { FlowOptions } from '../flow/flow-options.ts';
import { generatedFlow, type Workbench } from '../flow/generated-flow.ts';
import { checkBound, checkChoice, checkCount, checkFunction } from '../option-check.ts';
import { type ItemSource, requireSource, type SourceReader } from '../source/source-reader.ts';
import { scaleOf, type Weigh, type WeightOptions } from './item-weight.ts';
import { WakeUp } from './wake-up.ts';

/** How {@link mapConcurrent} works. */
export interface MapConcurrentOptions<T> extends FlowOptions, WeightOptions<T> {
  /** Bytes of the items under way at most: from when an item is given to the mapper until its result is taken. */
  readonly maxInFlightBytes: number;
  /**
   * Items under way at most.
   * @default 16
   */
  readonly maxInFlightCount?: number | undefined;
  /**
   * `kept`: results come in the order of the items. `free`: as they are ready, so that one slow item holds nothing up.
   * @default 'kept'
   */
  readonly order?: 'kept' | 'free' | undefined;
}

/** Makes a result of an item. The signal is aborted when the flow ends early. */
export type Mapper<T, R> = (item: T, context: { readonly signal: AbortSignal }) => R | PromiseLike<R>;

const DEFAULTS = Object.freeze({ maxInFlightCount: 16, order: 'kept' });

interface Task<R> {
  readonly weight: number;
  state: 'running' | 'done' | 'failed';
  result: R | undefined;
  error: unknown;
}

interface Plan<T, R> {
  readonly mapper: Mapper<T, R>;
  readonly maxInFlightBytes: number;
  readonly maxInFlightCount: number;
  readonly isOrdered: boolean;
  readonly weigh: Weigh<T>;
}

/** The items under way. */
class InFlight<T, R> {
  readonly changed: WakeUp = new WakeUp();
  readonly #bench: Workbench;
  readonly #plan: Plan<T, R>;
  /** In the order of the items; the set keeps insertion order and lets go of any member at once. */
  readonly #tasks = new Set<Task<R>>();
  #bytes = 0;

  constructor(bench: Workbench, plan: Plan<T, R>) {
    this.#bench = bench;
    this.#plan = plan;
  }

  get isEmpty(): boolean {
    return this.#tasks.size === 0;
  }

  /** There is a place for one more, whatever it weighs. */
  get hasPlace(): boolean {
    return this.#tasks.size < this.#plan.maxInFlightCount;
  }

  fits(weight: number): boolean {
    return this.hasPlace && this.#bytes + weight <= this.#plan.maxInFlightBytes;
  }

  start(item: T, weight: number): void {
    const task: Task<R> = { weight, state: 'running', result: undefined, error: undefined };
    this.#tasks.add(task);
    this.#weigh(weight);
    void this.#run(task, item);
  }

  /** The next task whose result can be given out. */
  takeReady(): Task<R> | undefined {
    for (const task of this.#tasks) {
      if (task.state !== 'running') {
        this.#tasks.delete(task);
        this.#weigh(-task.weight);
        return task;
      }
      if (this.#plan.isOrdered) return undefined;
    }
    return undefined;
  }

  async #run(task: Task<R>, item: T): Promise<void> {
    try {
      task.result = await this.#plan.mapper(item, { signal: this.#bench.ended });
      task.state = 'done';
    } catch (error) {
      task.error = error;
      task.state = 'failed';
    }
    this.changed.ring();
  }

  #weigh(deltaBytes: number): void {
    this.#bytes += deltaBytes;
    this.#bench.holding.bytes = this.#bytes;
  }
}

async function* mapped<T, R>(
  bench: Workbench,
  items: SourceReader<T>,
  plan: Plan<T, R>,
): AsyncGenerator<R, void, undefined> {
  const inFlight = new InFlight<T, R>(bench, plan);
  let waiting: { readonly item: T; readonly weight: number } | undefined;
  let isReading = false;
  let isOver = false;
  let failure: { readonly error: unknown } | undefined;
  const read = async (): Promise<void> => {
    isReading = true;
    try {
      const { done, value } = await items.next();
      if (done === true) isOver = true;
      else waiting = { item: value, weight: plan.weigh(value) };
    } catch (error) {
      isOver = true;
      failure = { error };
    }
    isReading = false;
    inFlight.changed.ring();
  };
  for (;;) {
    const changed = inFlight.changed.wait();
    if (waiting !== undefined && inFlight.fits(waiting.weight)) {
      inFlight.start(waiting.item, waiting.weight);
      waiting = undefined;
    }
    if (waiting === undefined && !isReading && !isOver && inFlight.hasPlace) void read();
    const ready = inFlight.takeReady();
    if (ready !== undefined) {
      if (ready.state === 'failed') throw ready.error;
      yield ready.result as R;
    } else if (isOver && waiting === undefined && inFlight.isEmpty) {
      if (failure !== undefined) throw failure.error;
      return;
    } else {
      await changed;
    }
  }
}

/**
 * Results of `mapper` for each item, several at a time, bounded in bytes and count. One item more is read and waits for its place. The first failure, of
 * the mapper or the source, ends the flow after the results before it; the signal given to mappers is aborted then.
 * @throws ERR_PLIMSOLL_OPTION at the call. While reading: ERR_PLIMSOLL_LIMIT for one item above `maxInFlightBytes`, and what `mapper` throws, unchanged.
 */
export function mapConcurrent<T, R>(
  source: ItemSource<T>,
  mapper: Mapper<T, R>,
  options: MapConcurrentOptions<T>,
): Flow<R> {
  const maxInFlightBytes = checkBound('maxInFlightBytes', options?.maxInFlightBytes);
  const maxInFlightCount = checkCount(
    'maxInFlightCount',
    options.maxInFlightCount ?? DEFAULTS.maxInFlightCount,
  );
  const order = checkChoice('order', options.order ?? DEFAULTS.order, ['kept', 'free'] as const);
  checkFunction('mapper', mapper, 'Pass (item) => result.');
  requireSource(source);
  const weigh = scaleOf(options, 'maxInFlightBytes', maxInFlightBytes);
  const plan = { mapper, maxInFlightBytes, maxInFlightCount, isOrdered: order === 'kept', weigh };
  return generatedFlow('mapConcurrent', options, (bench) => mapped(bench, bench.openItems(source), plan));
}
