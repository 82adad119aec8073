import type { MemoryLimit } from '@plimsoll/memory';
import type { EndingHook } from '../ending/ordered-ending.ts';
import type { PlannedHeap } from './guard-options.ts';

/** The slot of the one guard of a process, and of the one in each of its workers. */
export const guardSlot = 'guard';

/** What {@link Guard.capture} came to. */
export interface CaptureOutcome {
  /** The incident's folder; undefined when none could be written. */
  readonly folder: string | undefined;
  /** The files of the folder. */
  readonly files: readonly string[];
  /** Why something is missing, in sentences with numbers. */
  readonly refusals: readonly string[];
}

/** A handle on the one guard of this process. Disposing the last handle stops the guard. Nothing on it throws. */
export interface Guard extends Disposable, AsyncDisposable {
  /** False when the guard is off: `PLIMSOLL=off`, a worker of a process without a guard, or after {@link Guard.stop}. */
  readonly active: boolean;
  /** What does not work here, in sentences: no inspector, a folder that cannot be written. */
  readonly offReasons: readonly string[];
  /** The memory limit and where it came from. */
  readonly limit: MemoryLimit;
  /** The plan for that limit; undefined without a planner and where no heap fits. */
  readonly plan: PlannedHeap | undefined;
  /** The folders of the incidents of this process, oldest first. */
  readonly incidents: readonly string[];
  /**
   * Opens an incident now, or adds to the one that is open: profile, timeline and, if it can be afforded, a heap snapshot. `reason` is one sentence for the
   * reader; it is written down as it is, so no content of the application belongs in it.
   */
  capture(reason: string): CaptureOutcome;
  /** True from the moment an ordered ending begins (`PLIMSOLL_END=ordered`): readiness should say no. */
  readonly isEnding: boolean;
  /**
   * Runs `hook` when the process ends in order, the last one first, within the deadline of `PLIMSOLL_END_DEADLINE`. Removed when the result is disposed. Without
   * `PLIMSOLL_END=ordered` no hook ever runs.
   */
  onEnding(hook: EndingHook): Disposable;
  /** Gives this handle back. */
  stop(): void;
}

/** What a handle asks of the guard behind it. Its shape only ever grows: two copies of this package may share one guard. */
export interface GuardCore {
  readonly active: boolean;
  readonly offReasons: readonly string[];
  readonly limit: MemoryLimit;
  readonly plan: PlannedHeap | undefined;
  readonly incidents: readonly string[];
  capture(reason: string): CaptureOutcome;
  /** Absent on a guard of an older copy of this package. */
  readonly isEnding?: boolean;
  onEnding?(hook: EndingHook): Disposable;
  /** One more handle. */
  retain(): void;
  /** One handle less; the last one stops the guard. */
  release(): void;
}

/** A handle on `core`. */
export class GuardHandle implements Guard {
  readonly #core: GuardCore;
  #isStopped = false;

  constructor(core: GuardCore) {
    this.#core = core;
    core.retain();
  }

  get active(): boolean {
    return !this.#isStopped && this.#core.active;
  }

  get offReasons(): readonly string[] {
    return this.#core.offReasons;
  }

  get limit(): MemoryLimit {
    return this.#core.limit;
  }

  get plan(): PlannedHeap | undefined {
    return this.#core.plan;
  }

  get incidents(): readonly string[] {
    return this.#core.incidents;
  }

  capture(reason: string): CaptureOutcome {
    return this.#isStopped
      ? { folder: undefined, files: [], refusals: ['this guard was stopped'] }
      : this.#core.capture(reason);
  }

  get isEnding(): boolean {
    return this.#core.isEnding ?? false;
  }

  onEnding(hook: EndingHook): Disposable {
    return this.#core.onEnding?.(hook) ?? { [Symbol.dispose]: () => undefined };
  }

  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#core.release();
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.stop();
    return Promise.resolve();
  }
}
