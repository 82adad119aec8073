import { performance } from 'node:perf_hooks';
import {
  durationRange,
  messageOf,
  PlimsollError,
  requireCount,
  requireFunction,
  withDefaults,
} from '@plimsoll/memory/holders';
import { callSite, type Entry } from './call-site.ts';
import { FreshImport } from './fresh-import.ts';
import { whenEventLoopIdle } from './idle-warm-up.ts';
import { publishLazyEvent } from './lazy-events.ts';
import { attemptLoad, loadFailure } from './load-attempt.ts';

/** How a module is loaded late. */
export interface LazyOptions {
  /**
   * Shown in events and errors. A name from source code.
   * @default the place of the declaration
   */
  readonly name?: string;
  /**
   * How long one attempt may take before its callers get the error. Milliseconds, or Infinity.
   * @default 30_000
   */
  readonly timeoutMs?: number;
}

/** What {@link LazyOptions} are when left out. */
export const lazyDefaults: Readonly<{ timeoutMs: number }> = Object.freeze({ timeoutMs: 30_000 });

/** How long {@link Lazy.warmUp} waits for an idle moment. */
const WARM_UP_PATIENCE_MS = 10_000;

/** A module that loads at its first use. Made by {@link lazy}. */
export class Lazy<M> {
  /** Shown in events and errors. */
  readonly name: string;
  readonly #load: () => PromiseLike<M> | M;
  readonly #timeoutMs: number;
  readonly #declaredAt: string;
  readonly #fresh = new FreshImport();
  #loading: Promise<M> | undefined;
  #lastError: unknown;
  #failedCount = 0;
  #value: M | undefined;

  /** For {@link lazy}, which finds out where it was called from. */
  constructor(load: () => PromiseLike<M> | M, options: LazyOptions, declaredAt: string) {
    const settings = withDefaults(lazyDefaults, options);
    this.#load = requireFunction('load', load);
    this.#timeoutMs = requireCount('timeoutMs', settings.timeoutMs, durationRange);
    this.#declaredAt = declaredAt;
    this.name = options.name ?? declaredAt;
  }

  /**
   * The module: loaded by the first call, shared by those that come while it loads, at once afterwards. After a failure the next call loads again, and evaluates
   * a failed ES module anew where Node.js can (22.15 and later).
   * Rejects with ERR_PLIMSOLL_FACTORY, whose message names the declaration and the first use and whose cause is what the loader threw.
   */
  load(): Promise<M> {
    if (this.#value !== undefined) return Promise.resolve(this.#value);
    this.#loading ??= this.#attempt(callSite(loadEntry));
    return this.#loading;
  }

  /**
   * The module, which must have been loaded: 1 to 2 ns.
   * @throws ERR_PLIMSOLL_UNAVAILABLE when it has not.
   */
  get value(): M {
    const value = this.#value;
    if (value === undefined) throw this.#notLoaded();
    return value;
  }

  /** Whether {@link value} can be read. */
  get loaded(): boolean {
    return this.#value !== undefined;
  }

  /** Loads the module when the event loop is idle, within 10 s at the latest. A failure is left to the first use. Does not hold the process. */
  warmUp(): void {
    if (this.loaded) return;
    whenEventLoopIdle(() => {
      // The failure is published by the attempt and met again by whoever needs the module.
      this.load().catch(() => {});
    }, WARM_UP_PATIENCE_MS);
  }

  async #attempt(usedAt: string): Promise<M> {
    const { name } = this;
    const startMs = performance.now();
    const load = this.#failedCount === 0 ? this.#load : () => this.#fresh.retry(this.#load, this.#lastError);
    try {
      const value = await attemptLoad({ load, timeoutMs: this.#timeoutMs, late: () => {} });
      this.#value = value;
      publishLazyEvent(name, 'loaded', { loadMs: Math.round(performance.now() - startMs) });
      return value;
    } catch (error) {
      this.#failedCount += 1;
      this.#lastError = error;
      publishLazyEvent(name, 'load-failed', { error: messageOf(error), failedCount: this.#failedCount });
      throw loadFailure({ name, declaredAt: this.#declaredAt, usedAt }, error);
    } finally {
      this.#loading = undefined;
    }
  }

  #notLoaded(): PlimsollError {
    return new PlimsollError(
      'ERR_PLIMSOLL_UNAVAILABLE',
      `"${this.name}" is read before it was loaded. Await load() first; declared at ${this.#declaredAt}.`,
    );
  }
}

const loadEntry = Reflect.get(Lazy.prototype, 'load') as Entry;

/**
 * A module that is loaded at its first use and has the types of the module.
 * @throws ERR_PLIMSOLL_OPTION when `load` is not a function or an option cannot be used.
 * @example
 * const sharp = lazy(() => import('sharp'));
 * await (await sharp.load()).default(input).toBuffer();
 */
export function lazy<M>(load: () => PromiseLike<M> | M, options: LazyOptions = {}): Lazy<M> {
  return new Lazy(load, options, callSite(lazy));
}
