import { PlimsollError } from './errors.ts';

/** What a {@link withDeadline} waits for, and how long. */
export interface Deadline<T> {
  /** Milliseconds; Infinity = as long as it takes. */
  readonly timeoutMs: number;
  /** Who is waited for, as the error names it: `create of pool "x"`. */
  readonly what: string;
  /** Gets the outcome when it comes after all. */
  readonly late?: (value: T) => void;
}

/**
 * The outcome of `work`, or ERR_PLIMSOLL_TIMEOUT when there is none in time. The timer does not hold the process: what it waits for does, if anything.
 */
export function withDeadline<T>(work: PromiseLike<T>, deadline: Deadline<T>): PromiseLike<T> {
  const { timeoutMs, what, late } = deadline;
  if (timeoutMs === Number.POSITIVE_INFINITY) return work;
  return new Promise<T>((resolve, reject) => {
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      const message = `${what} did not settle within ${timeoutMs} ms`;
      reject(new PlimsollError('ERR_PLIMSOLL_TIMEOUT', message, { details: { timeoutMs } }));
    }, timeoutMs);
    timer.unref();
    work.then(
      (value) => {
        clearTimeout(timer);
        if (timedOut) late?.(value);
        else resolve(value);
      },
      (error: unknown) => {
        // After the deadline the caller has its error; a second one has nobody to go to.
        clearTimeout(timer);
        if (!timedOut) reject(error);
      },
    );
  });
}

/** Whether a function answered with a promise, of whatever make. */
export function isThenable<T>(value: PromiseLike<T> | T): value is PromiseLike<T> {
  return typeof value === 'object' && value !== null && typeof (value as PromiseLike<T>).then === 'function';
}
