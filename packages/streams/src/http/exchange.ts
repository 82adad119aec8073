import { isPlimsollError } from '@plimsoll/memory/holders';
import { abortedFault, timeoutFault } from '../fault.ts';

/** What ends an exchange: the caller's signal, the clock, or disposal. */
export class Exchange {
  readonly #abort = new AbortController();
  readonly #signal: AbortSignal | undefined;
  readonly #timeoutMs: number;
  readonly #timer: NodeJS.Timeout;
  #isLate = false;

  constructor(signal: AbortSignal | undefined, timeoutMs: number) {
    this.#signal = signal;
    this.#timeoutMs = timeoutMs;
    this.#timer = setTimeout(() => {
      this.#isLate = true;
      this.#abort.abort();
    }, timeoutMs).unref();
    signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  readonly #onAbort: () => void = () => this.#abort.abort(this.#signal?.reason);

  /** Everything came, or nobody wants it any more. */
  end(): void {
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener('abort', this.#onAbort);
  }

  /** Releases the connection. */
  release(): void {
    this.end();
    this.#abort.abort();
  }

  /** What an error of `fetch` or of the body means. */
  explain(error: unknown): unknown {
    if (isPlimsollError(error) && error.code !== 'ERR_PLIMSOLL_ABORTED') return error;
    if (this.#isLate) {
      return timeoutFault(`The exchange took longer than timeoutMs = ${this.#timeoutMs}.`, {
        option: 'timeoutMs',
        timeoutMs: this.#timeoutMs,
      });
    }
    return this.#signal?.aborted === true ? abortedFault('boundedFetch', this.#signal) : error;
  }
}
