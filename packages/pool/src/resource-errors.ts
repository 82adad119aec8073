import { messageOf, PlimsollError } from '@plimsoll/memory/holders';

/** The error of a caller that comes to a pool at its end. */
export function drainedError(pool: string): PlimsollError {
  return new PlimsollError(
    'ERR_PLIMSOLL_DISPOSED',
    `Pool "${pool}" is drained and gives nothing out any more. Make a new one.`,
  );
}

/** The error of a caller whose signal ended its wait. */
export function abortedError(pool: string, signal: AbortSignal | undefined): PlimsollError {
  return new PlimsollError('ERR_PLIMSOLL_ABORTED', `The wait for pool "${pool}" was ended by its signal.`, {
    cause: signal?.reason,
  });
}

/** The error of a caller that finds the line full. */
export function queueFullError(
  pool: string,
  waiterCount: number,
  maxCount: number,
  maxWaiterCount: number,
): PlimsollError {
  return new PlimsollError(
    'ERR_PLIMSOLL_LIMIT',
    `${waiterCount} callers wait for the ${maxCount} resources of pool "${pool}"; maxWaiterCount is ${maxWaiterCount}. Take on less at once, or raise maxCount or maxWaiterCount.`,
    { details: { pool, maxCount, maxWaiterCount } },
  );
}

/** What a pool was doing while a caller waited in vain. */
export interface VainWait {
  readonly pool: string;
  readonly waitedMs: number;
  readonly maxCount: number;
  readonly leasedCount: number;
  readonly creatingCount: number;
  /** What the last creation failed with, when creations fail. */
  readonly failure: { readonly error: unknown } | undefined;
}

/** The error of a caller that waited too long. */
export function waitedTooLongError(wait: VainWait): PlimsollError {
  const { pool, waitedMs, maxCount, leasedCount, creatingCount, failure } = wait;
  const why =
    failure === undefined
      ? `${leasedCount} of ${maxCount} are out, ${creatingCount} being created`
      : `creations fail: ${messageOf(failure.error)}`;
  const details = { pool, waitedMs, maxCount, leasedCount };
  return new PlimsollError(
    'ERR_PLIMSOLL_TIMEOUT',
    `No resource of pool "${pool}" came within ${waitedMs} ms; ${why}. Release sooner, raise maxCount, or allow more time.`,
    failure === undefined ? { details } : { details, cause: failure.error },
  );
}

/** The error of the caller that a failed creation was for. */
export function createFailedError(pool: string, cause: unknown): PlimsollError {
  return new PlimsollError(
    'ERR_PLIMSOLL_FACTORY',
    `create of pool "${pool}" failed: ${messageOf(cause)}. See the cause; the pool tries again by itself.`,
    { cause, details: { pool } },
  );
}
