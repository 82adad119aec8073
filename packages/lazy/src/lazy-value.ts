// More than 200 lines: loading, use, idling, pressure and the end all move the same few fields, and are right only together.
import { performance } from 'node:perf_hooks';
import {
  isThenable,
  type MemoryHolder,
  messageOf,
  PlimsollError,
  registerHolder,
  requireFunction,
} from '@plimsoll/memory/holders';
import { callSite, type Entry } from './call-site.ts';
import { whenEventLoopIdle } from './idle-warm-up.ts';
import { publishLazyEvent } from './lazy-events.ts';
import { Disposal } from './disposal.ts';
import { LazyLease } from './lazy-lease.ts';
import {
  type LazyValueOptions,
  type LazyValueStats,
  type ResolvedLazyValueOptions,
  resolveLazyValueOptions,
} from './lazy-value-options.ts';
import { attemptLoad, emptyAnswer, loadFailure } from './load-attempt.ts';

/** How long {@link LazyValue.warmUp} waits for an idle moment. */
const WARM_UP_PATIENCE_MS = 10_000;

/**
 * A value that is made at its first use, shared, given back when it idles or memory is short, and made again at the next use. It is never given back while somebody
 * uses it. Made by {@link lazyValue}.
 */
export class LazyValue<T> implements MemoryHolder {
  /** Shown in `plimsoll top`, events and errors. */
  readonly name: string;
  readonly #factory: () => PromiseLike<T> | T;
  readonly #options: ResolvedLazyValueOptions<T>;
  readonly #disposal: Disposal<T>;
  readonly #declaredAt: string;
  readonly #registration: Disposable;
  #value: T | undefined;
  #loading: Promise<T> | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  #lastUseMs = 0;
  #unloadWanted = false;
  #closed = false;
  #activeCount = 0;
  #useCount = 0;
  #loadCount = 0;
  #failedCount = 0;
  #unloadCount = 0;

  /** For {@link lazyValue}, which finds out where it was called from. */
  constructor(factory: () => PromiseLike<T> | T, options: LazyValueOptions<T>, declaredAt: string) {
    this.#factory = requireFunction('factory', factory);
    this.#options = resolveLazyValueOptions(options);
    this.#declaredAt = declaredAt;
    this.name = options.name ?? declaredAt;
    this.#disposal = new Disposal(this.name, this.#options.dispose, this.#options.timeoutMs);
    this.#registration = registerHolder(this, { weak: true });
  }

  /**
   * Runs `body` with the value; it is not given back before `body` has settled.
   * Rejects with ERR_PLIMSOLL_FACTORY when the value could not be made, ERR_PLIMSOLL_DISPOSED after the end, and with what `body` throws.
   */
  async use<R>(body: (value: T) => PromiseLike<R> | R): Promise<R> {
    this.#begin();
    try {
      return await body(this.#value ?? (await this.#loadShared(useEntry)));
    } finally {
      this.#finish();
    }
  }

  /**
   * {@link use} without a promise, for a factory that answers at once.
   * @throws ERR_PLIMSOLL_FACTORY when the value could not be made; ERR_PLIMSOLL_UNAVAILABLE when the factory answers with a promise or the last value is still being
   * disposed of; ERR_PLIMSOLL_DISPOSED after the end; what `body` throws.
   */
  useSync<R>(body: (value: T) => R): R {
    this.#begin();
    try {
      return body(this.#value ?? this.#loadNow());
    } finally {
      this.#finish();
    }
  }

  /**
   * The value until the end of the block: `using lease = await parser.acquire()`.
   * Rejects as {@link use} does.
   */
  async acquire(): Promise<LazyLease<T>> {
    this.#begin();
    try {
      return new LazyLease(this.#value ?? (await this.#loadShared(acquireEntry)), () => this.#finish());
    } catch (error) {
      this.#finish();
      throw error;
    }
  }

  /** Makes the value when the event loop is idle, within 10 s at the latest. A failure is left to the first use. Does not hold the process. */
  warmUp(): void {
    if (this.#value !== undefined) return;
    whenEventLoopIdle(() => {
      // The failure is published by the attempt and met again by whoever needs the value.
      this.use(() => undefined).catch(() => {});
    }, WARM_UP_PATIENCE_MS);
  }

  /** Gives the value back now, or when its last use ends; true when it was given back at once. The next use makes a new one. */
  unload(): boolean {
    return this.#unload('call');
  }

  /** Bytes of the value while it is loaded. */
  bytes(): number {
    return this.#value === undefined ? 0 : this.#options.valueBytes;
  }

  /**
   * What giving back costs: 0.5 just after a use, falling towards 0.2 as the value idles. So the one used longest ago goes first, after idle pools and before
   * caches.
   */
  readonly cost = (): number => 0.2 + 0.3 / (1 + (performance.now() - this.#lastUseMs) / 1_000);

  /** Gives the value back unless it is in use. */
  reclaim(): number {
    return this.#activeCount === 0 && this.#unload('pressure') ? this.#options.valueBytes : 0;
  }

  /** The counters now. */
  stats(): LazyValueStats {
    return {
      loaded: this.#value !== undefined,
      activeCount: this.#activeCount,
      useCount: this.#useCount,
      loadCount: this.#loadCount,
      failedCount: this.#failedCount,
      unloadCount: this.#unloadCount,
    };
  }

  /** Ends it for good: the value is given back, now or when its last use ends; a use that begins later throws. Resolves when what can end now has. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#registration[Symbol.dispose]();
    // A value still on its way is given back as it comes; its failure is its callers'.
    await this.#loading?.catch(() => {});
    this.#unload('end');
    await this.#disposal.pending;
  }

  #begin(): void {
    if (this.#closed) {
      throw new PlimsollError('ERR_PLIMSOLL_DISPOSED', `"${this.name}" has ended. Declare it anew.`);
    }
    this.#activeCount += 1;
    this.#useCount += 1;
  }

  #finish(): void {
    this.#activeCount -= 1;
    this.#lastUseMs = performance.now();
    if (this.#activeCount > 0) return;
    if (this.#unloadWanted || this.#closed) this.#unload(this.#closed ? 'end' : 'call');
    else if (this.#idleTimer === undefined && this.#options.idleMs !== Number.POSITIVE_INFINITY)
      this.#armIdle(this.#options.idleMs);
  }

  /** One timer while the value lives: it looks at the last use when it fires, and is not set anew at each. */
  #armIdle(delayMs: number): void {
    this.#idleTimer = setTimeout(() => {
      this.#idleTimer = undefined;
      const restMs = this.#lastUseMs + this.#options.idleMs - performance.now();
      if (this.#activeCount > 0) return;
      if (restMs > 0) this.#armIdle(Math.ceil(restMs));
      else this.#unload('idle');
    }, delayMs);
    this.#idleTimer.unref();
  }

  #loadShared(entry: Entry): Promise<T> {
    this.#loading ??= this.#load(callSite(entry));
    return this.#loading;
  }

  async #load(usedAt: string): Promise<T> {
    const startMs = performance.now();
    try {
      await this.#disposal.pending;
      const late = (value: T): void => this.#disposal.end(value);
      const value = await attemptLoad({ load: this.#factory, timeoutMs: this.#options.timeoutMs, late });
      this.#loaded(value, startMs);
      return value;
    } catch (error) {
      throw this.#failed(error, usedAt);
    } finally {
      this.#loading = undefined;
    }
  }

  #loadNow(): T {
    const busy = this.#loading !== undefined || this.#disposal.pending !== undefined;
    if (busy)
      throw this.#notNow(this.#loading === undefined ? 'is still being disposed of' : 'is on its way');
    const startMs = performance.now();
    const usedAt = callSite(useSyncEntry);
    let answer: PromiseLike<T> | T;
    try {
      answer = this.#factory();
      if (answer === undefined || answer === null) throw emptyAnswer(answer);
    } catch (error) {
      throw this.#failed(error, usedAt);
    }
    if (isThenable(answer)) {
      // What was begun is not thrown away: the next asynchronous use gets it.
      const begun = answer;
      this.#loading = attemptLoad({
        load: () => begun,
        timeoutMs: this.#options.timeoutMs,
        late: (value) => this.#disposal.end(value),
      })
        .then((value) => {
          this.#loaded(value, startMs);
          return value;
        })
        .finally(() => {
          this.#loading = undefined;
        });
      this.#loading.catch((error: unknown) => this.#failed(error, usedAt));
      throw this.#notNow('is made by an asynchronous factory');
    }
    this.#loaded(answer, startMs);
    return answer;
  }

  #loaded(value: T, startMs: number): void {
    this.#value = value;
    this.#loadCount += 1;
    this.#lastUseMs = performance.now();
    publishLazyEvent(this.name, 'loaded', { loadMs: Math.round(this.#lastUseMs - startMs) });
  }

  #failed(error: unknown, usedAt: string): PlimsollError {
    this.#failedCount += 1;
    publishLazyEvent(this.name, 'load-failed', { error: messageOf(error), failedCount: this.#failedCount });
    return loadFailure({ name: this.name, declaredAt: this.#declaredAt, usedAt }, error);
  }

  #notNow(why: string): PlimsollError {
    return new PlimsollError(
      'ERR_PLIMSOLL_UNAVAILABLE',
      `"${this.name}" ${why}, so useSync has nothing to give. Await use() instead; declared at ${this.#declaredAt}.`,
    );
  }

  #unload(reason: 'call' | 'idle' | 'pressure' | 'end'): boolean {
    if (this.#value === undefined) return false;
    this.#unloadWanted = this.#activeCount > 0;
    if (this.#unloadWanted) return false;
    const value = this.#value;
    this.#value = undefined;
    this.#unloadCount += 1;
    clearTimeout(this.#idleTimer);
    this.#idleTimer = undefined;
    publishLazyEvent(this.name, 'unloaded', { reason });
    this.#disposal.end(value);
    return true;
  }
}

const useEntry = Reflect.get(LazyValue.prototype, 'use') as Entry;
const useSyncEntry = Reflect.get(LazyValue.prototype, 'useSync') as Entry;
const acquireEntry = Reflect.get(LazyValue.prototype, 'acquire') as Entry;

/**
 * A value made at its first use and given back when it idles, when memory is short, or on {@link LazyValue.unload}.
 * @throws ERR_PLIMSOLL_OPTION when `factory` is not a function or an option cannot be used.
 * @example
 * const browser = lazyValue(() => chromium.launch(), { dispose: (browser) => browser.close(), idleMs: 60_000 });
 * await browser.use((instance) => render(instance, page));
 */
export function lazyValue<T>(
  factory: () => PromiseLike<T> | T,
  options: LazyValueOptions<T> = {},
): LazyValue<T> {
  return new LazyValue(factory, options, callSite(lazyValue));
}
