import { isThenable, messageOf, PlimsollError, withDeadline } from '@plimsoll/memory/holders';

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
  const value = isThenable(answer) ? await withDeadline(answer, { timeoutMs, what: 'it', late }) : answer;
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
