const sweepMs = 1_000;
const slotsPerSweep = 8_192;
const slotsPerInsertion = 4;

/** What the sweeper looks through. */
export interface Sweepable {
  /** Removes what has expired among `slotCount` slots from `slot` on; returns the next slot to look at, 0 at the end. */
  sweepFrom(slot: number, slotCount: number): number;
}

/**
 * Gives back the memory of entries that expired and are not asked for again: a few slots at each insertion and 8,192 a second by an unref'd timer that holds the
 * cache weakly. Expired entries are invisible at once; their bytes are back within a second per 8,192 entries.
 */
export class ExpirySweeper {
  readonly #target: WeakRef<Sweepable>;
  #slot = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(target: Sweepable) {
    this.#target = new WeakRef(target);
  }

  /** There are entries with deadlines: keeps looking. */
  start(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setInterval(() => this.#sweep(slotsPerSweep), sweepMs);
    this.#timer.unref();
  }

  /** A few steps, at an insertion. */
  step(): void {
    this.#sweep(slotsPerInsertion);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #sweep(slotCount: number): void {
    const target = this.#target.deref();
    if (target === undefined) this.stop();
    else this.#slot = target.sweepFrom(this.#slot, slotCount);
  }
}
