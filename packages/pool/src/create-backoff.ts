/** First pause after a failed creation, doubled with each further failure. */
const FIRST_PAUSE_MS = 50;
/** A server that is down is asked again at least this often. */
const LONGEST_PAUSE_MS = 5_000;

/** How long to wait before the next creation: grows while creations fail, random by half so that many processes do not return at one moment. */
export class CreateBackoff {
  #failureCount = 0;
  #lastError: unknown;

  /** True from a failure until the next success. */
  get failing(): boolean {
    return this.#failureCount > 0;
  }

  /** What the last creation failed with; undefined when it succeeded. */
  get lastError(): unknown {
    return this.#lastError;
  }

  /** Notes a failure and answers how long to wait. */
  fail(error: unknown): number {
    const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(this.#failureCount, 30));
    this.#failureCount += 1;
    this.#lastError = error;
    return Math.ceil(pauseMs * (0.5 + Math.random() / 2));
  }

  /** Notes a success. */
  succeed(): void {
    this.#failureCount = 0;
    this.#lastError = undefined;
  }
}
