import { PlimsollError } from '@plimsoll/memory';
import { messageOf } from './call-site.ts';

/** What one attempt to load something is told. */
export interface LoadAttempt<T> {
  /** The caller's factory. */
  readonly load: () => PromiseLike<T> | T;
  /** Milliseconds until the attempt is given up; Infinity = never. */
  readonly timeoutMs: number;
  /** Gets what comes after the attempt was given up. */
  readonly late: (value: T) => void;
}

/** Where something lazy is from, for its errors. */
export interface LazyOrigin {
  readonly name: string;
  readonly declaredAt: string;
  readonly usedAt: string;
}

/** Runs one attempt: what is thrown at once, a rejection, nothing in time and an empty answer all reject. */
export async function attemptLoad<T>({ load, timeoutMs, late }: LoadAttempt<T>): Promise<T> {
  const answer = load();
  const value = isThenable(answer) ? await inTime(answer, timeoutMs, late) : answer;
  if (value === undefined || value === null) throw emptyAnswer(value);
  return value;
}

/** The error for a factory that answers nothing. */
export function emptyAnswer(value: unknown): TypeError {
  return new TypeError(`the factory answered ${String(value)}; return the value or a promise of it`);
}

/** The error a caller gets: it names what failed, where it was declared and where it was first used. */
export function loadFailure({ name, declaredAt, usedAt }: LazyOrigin, cause: unknown): PlimsollError {
  return new PlimsollError(
    'ERR_PLIMSOLL_FACTORY',
    `"${name}" did not load: ${messageOf(cause)}. Declared at ${declaredAt}, first used at ${usedAt}; the next use tries again.`,
    { cause, details: { name, declaredAt, usedAt } },
  );
}

export function isThenable<T>(value: PromiseLike<T> | T): value is PromiseLike<T> {
  return typeof value === 'object' && value !== null && typeof (value as PromiseLike<T>).then === 'function';
}

function inTime<T>(work: PromiseLike<T>, timeoutMs: number, late: (value: T) => void): PromiseLike<T> {
  if (timeoutMs === Number.POSITIVE_INFINITY) return work;
  return new Promise<T>((resolve, reject) => {
    let givenUp = false;
    const timer = setTimeout(() => {
      givenUp = true;
      const message = `it did not settle within ${timeoutMs} ms`;
      reject(new PlimsollError('ERR_PLIMSOLL_TIMEOUT', message, { details: { timeoutMs } }));
    }, timeoutMs);
    timer.unref();
    work.then(
      (value) => {
        clearTimeout(timer);
        if (givenUp) late(value);
        else resolve(value);
      },
      (error: unknown) => {
        // Given up, the caller has its error; a second one has nobody to go to.
        clearTimeout(timer);
        if (!givenUp) reject(error);
      },
    );
  });
}
