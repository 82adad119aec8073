/** What a {@link DecayTimer} calls: gives back part of what nobody needed, and says whether there is more to watch. */
export interface Decaying {
  /** @returns true while something idle is left that a later call might give back. */
  decay(): boolean;
}

/**
 * Calls `decay()` of its owner at an interval while there is something idle. The timer never holds the process, and holds its owner weakly, so a pool that is
 * forgotten is collected with everything in it.
 */
export class DecayTimer {
  readonly #owner: WeakRef<Decaying>;
  readonly #intervalMs: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(owner: Decaying, intervalMs: number) {
    this.#owner = new WeakRef(owner);
    this.#intervalMs = intervalMs;
  }

  /** Starts the next interval unless one runs. An interval of 0 never starts. */
  arm(): void {
    if (this.#timer !== undefined || this.#intervalMs === 0) return;
    this.#timer = setTimeout(() => this.#tick(), this.#intervalMs);
    this.#timer.unref();
  }

  /** Ends the interval that runs. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #tick(): void {
    this.#timer = undefined;
    if (this.#owner.deref()?.decay() === true) this.arm();
  }
}
