/** The service has been busy for less than this share of the time since the tick before. */
const QUIET_RATIO = 0.3;
/** Ticks that come sooner after each other say nothing. */
const LEAST_SPAN_MS = 200;

/** Waits for the first tick at which a service that has started up has nothing much to do: what stops it then is felt least. A service that is never quiet is left alone. */
export class QuietMoment {
  readonly #afterMs: number;
  #firstMs: number | undefined;
  #lastMs = Number.NEGATIVE_INFINITY;
  #isOver = false;

  constructor(afterMs: number) {
    this.#afterMs = afterMs;
  }

  /** True once, at that tick. `readBusyRatio` says how busy the thread has been since it was last asked, 0..1. */
  observe(monotonicMs: number, readBusyRatio: () => number): boolean {
    if (this.#isOver) return false;
    this.#firstMs ??= monotonicMs;
    if (monotonicMs - this.#lastMs < LEAST_SPAN_MS) return false;
    this.#lastMs = monotonicMs;
    const isQuiet = readBusyRatio() < QUIET_RATIO;
    this.#isOver = isQuiet && monotonicMs - this.#firstMs >= this.#afterMs;
    return this.#isOver;
  }

  /** It is not waited for any more. */
  end(): void {
    this.#isOver = true;
  }
}
