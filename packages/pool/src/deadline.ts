import { PlimsollError } from '@plimsoll/memory';

/**
 * The outcome of `work`, or ERR_PLIMSOLL_TIMEOUT after `deadlineMs`; then `late` gets what comes after all. The timer does not hold the process: what it waits
 * for does, if anything.
 */
export function withDeadline<T>(
  work: PromiseLike<T>,
  deadlineMs: number,
  what: string,
  late: (value: T) => void,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      const message = `${what} did not settle within ${deadlineMs} ms. Make it fail sooner, or allow it more time.`;
      reject(new PlimsollError('ERR_PLIMSOLL_TIMEOUT', message, { details: { deadlineMs } }));
    }, deadlineMs);
    timer.unref();
    work.then(
      (value) => {
        clearTimeout(timer);
        if (timedOut) late(value);
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
