import { PlimsollError } from '@plimsoll/memory/holders';

/** What a loader is given beside the key. */
export interface LoadContext<V> {
  /** Aborted when every caller that waits has gone. */
  readonly signal: AbortSignal;
  /** The value that is being refreshed, if there is one. */
  readonly staleValue: V | undefined;
  /** Says how many milliseconds the value stays fresh, over every other TTL: what a Cache-Control header says, for example. 0 or less = it is not kept. */
  readonly keepFor: (ttlMs: number) => void;
}

/** Loads the value of a key; undefined = there is none. */
export type Loader<K, V> = (key: K, context: LoadContext<V>) => Promise<V | undefined> | V | undefined;

/** What becomes of a load. */
export interface LoadOutcome<K, V> {
  /** `ttlMs` is what the loader asked for with `keepFor`. */
  loaded(key: K, value: V | undefined, elapsedMs: number, ttlMs: number | undefined): void;
  failed(key: K, error: unknown, elapsedMs: number): void;
}

interface Load<V> {
  readonly controller: AbortController;
  promise: Promise<V | undefined>;
  waiterCount: number;
  /** Its value must not be kept: the key was written or invalidated meanwhile. */
  isSuperseded: boolean;
}

/** The loads under way: one per key, shared by all who ask, ended when none of them waits any more. */
export class LoadTable<K, V> {
  readonly #loads = new Map<K, Load<V>>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  get size(): number {
    return this.#loads.size;
  }

  /** The value of the load under way for `key`, or of a new one. */
  async join(
    key: K,
    loader: Loader<K, V>,
    outcome: LoadOutcome<K, V>,
    staleValue: V | undefined,
    signal: AbortSignal | undefined,
  ): Promise<V | undefined> {
    const load = this.#loads.get(key) ?? this.#start(key, loader, outcome, staleValue);
    load.waiterCount++;
    if (signal === undefined) return load.promise;
    return await new Promise((resolve, reject) => {
      const leave = (): void => {
        if (--load.waiterCount === 0) {
          this.#forget(key, load);
          load.controller.abort(signal.reason);
        }
        reject(abortedError(signal.reason));
      };
      signal.addEventListener('abort', leave, { once: true });
      load.promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
    });
  }

  /** Starts a load nobody waits for, unless one is under way. */
  refresh(key: K, loader: Loader<K, V>, outcome: LoadOutcome<K, V>, staleValue: V | undefined): void {
    if (this.#loads.has(key)) return;
    // One that never leaves: a refresh runs to its end.
    this.#start(key, loader, outcome, staleValue).waiterCount++;
  }

  /** The key was written or invalidated: a load under way is answered, but not kept, and the next request loads afresh. */
  supersede(key: K): void {
    const load = this.#loads.get(key);
    if (load === undefined) return;
    load.isSuperseded = true;
    this.#loads.delete(key);
  }

  /** Supersedes every load. */
  supersedeAll(): void {
    for (const load of this.#loads.values()) load.isSuperseded = true;
    this.#loads.clear();
  }

  #start(key: K, loader: Loader<K, V>, outcome: LoadOutcome<K, V>, staleValue: V | undefined): Load<V> {
    const controller = new AbortController();
    const startedMs = this.#now();
    const load: Load<V> = {
      controller,
      promise: Promise.resolve(undefined),
      waiterCount: 0,
      isSuperseded: false,
    };
    let ttlMs: number | undefined;
    const keepFor = (keptMs: number): void => {
      ttlMs = keptMs;
    };
    const run = async (): Promise<V | undefined> => {
      try {
        const value = await loader(key, { signal: controller.signal, staleValue, keepFor });
        if (this.#forget(key, load)) outcome.loaded(key, value, this.#now() - startedMs, ttlMs);
        return value;
      } catch (error) {
        if (this.#forget(key, load)) outcome.failed(key, error, this.#now() - startedMs);
        throw error;
      }
    };
    this.#loads.set(key, load);
    load.promise = run();
    // Whoever waits gets the rejection from its own promise; a load without anybody must not end the process.
    load.promise.catch(() => undefined);
    return load;
  }

  /** True when the outcome of `load` may be kept. */
  #forget(key: K, load: Load<V>): boolean {
    if (this.#loads.get(key) === load) this.#loads.delete(key);
    return !load.isSuperseded && !load.controller.signal.aborted;
  }
}

/** The error of a caller that left. */
export function abortedError(reason: unknown): PlimsollError {
  return new PlimsollError('ERR_PLIMSOLL_ABORTED', 'The caller ended the request for a value.', {
    cause: reason,
  });
}
