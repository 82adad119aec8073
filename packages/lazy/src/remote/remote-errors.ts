import { PlimsollError } from '@plimsoll/memory/holders';
import type { PeerExit } from './peer.ts';

/** The error of a call that comes after the end. */
export function endedError(name: string): PlimsollError {
  return new PlimsollError('ERR_PLIMSOLL_DISPOSED', `"${name}" has ended. Declare it anew.`);
}

/** The error of a call whose signal ended it. */
export function abortedError(name: string, signal: AbortSignal | undefined): PlimsollError {
  return new PlimsollError('ERR_PLIMSOLL_ABORTED', `A call of "${name}" was ended by its signal.`, {
    cause: signal?.reason,
  });
}

/** The error of a call that had no answer in time. */
export function unansweredError(name: string, timeoutMs: number): PlimsollError {
  return new PlimsollError(
    'ERR_PLIMSOLL_TIMEOUT',
    `A call of "${name}" had no answer within ${timeoutMs} ms. Ask for less, or allow more time.`,
    { details: { name, timeoutMs } },
  );
}

/** The error of a call that is one too many. */
export function tooManyCallsError(name: string, maxPendingCount: number): PlimsollError {
  return new PlimsollError(
    'ERR_PLIMSOLL_LIMIT',
    `${maxPendingCount} calls of "${name}" have no answer yet, as many as maxPendingCount allows. Take on less at once, or raise it.`,
    { details: { name, maxPendingCount } },
  );
}

/** The error of a call to a module that does not load. */
export function notLoadedError(name: string, url: string, cause: Error): PlimsollError {
  return new PlimsollError(
    'ERR_PLIMSOLL_FACTORY',
    `"${name}" did not load: ${cause.message}. See the cause; the next call tries again.`,
    { cause, details: { url } },
  );
}

/** The error of a call whose host ended under it. */
export function hostEndedError(name: string, { exitCode, signal, cause }: PeerExit): PlimsollError {
  const how = signal === null ? `exit code ${exitCode ?? 'unknown'}` : signal;
  const why = cause instanceof Error ? `: ${cause.message}` : '';
  return new PlimsollError(
    'ERR_PLIMSOLL_UNAVAILABLE',
    `"${name}" ended in mid-call by ${how}${why}. The next call starts it anew; repeat this one if that is safe.`,
    { cause, details: { name, exitCode, signal } },
  );
}

/**
 * `url` as text, when it is absolute.
 * @throws ERR_PLIMSOLL_OPTION when it is not.
 */
export function requireModuleUrl(url: string | URL): string {
  const href = String(url);
  if (URL.canParse(href)) return href;
  throw new PlimsollError(
    'ERR_PLIMSOLL_OPTION',
    `url is ${JSON.stringify(href)}; expected an absolute URL. Give new URL('./module.js', import.meta.url), or import.meta.resolve('package').`,
  );
}
