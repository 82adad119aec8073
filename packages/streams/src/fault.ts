import { type ErrorCode, type ErrorDetails, formatBytes, PlimsollError } from '@plimsoll/memory/holders';

/**
 * A fault of the data that an HTTP server answers with a status: frameworks read `statusCode` (Fastify), `status` (Express, Hono) and `expose`. Holds
 * numbers and names, never a byte of the data.
 */
export class HttpFault extends PlimsollError {
  /** The status to answer with: 400 malformed, 408 too slow, 413 too large, 415 a coding that is not served. */
  readonly statusCode: number;
  /** The same number under the name Express and Koa read. */
  readonly status: number;
  /** The message may be shown to the client: it holds no data. */
  readonly expose = true;

  constructor(code: ErrorCode, statusCode: number, message: string, details: ErrorDetails) {
    super(code, message, { details });
    this.statusCode = statusCode;
    this.status = statusCode;
  }
}

/** The data passed a bound: what was bounded, the bound, and what had come when it was noticed. */
export function limitFault(
  what: string,
  option: string,
  limitBytes: number,
  seenBytes: number,
  details: ErrorDetails = {},
): HttpFault {
  return new HttpFault(
    'ERR_PLIMSOLL_LIMIT',
    413,
    `${what} is larger than ${option} = ${formatBytes(limitBytes)} (${limitBytes} bytes): ${seenBytes} bytes had come when it was refused. Raise ${option} if data of this size is expected.`,
    { option, limitBytes, seenBytes, ...details },
  );
}

/** The data is not what its format says. */
export function formatFault(message: string, details: ErrorDetails = {}): HttpFault {
  return new HttpFault('ERR_PLIMSOLL_FORMAT', 400, message, details);
}

/** The error for a caller's signal: `cause` is the signal's reason. */
export function abortedFault(helper: string, signal: AbortSignal): PlimsollError {
  return new PlimsollError('ERR_PLIMSOLL_ABORTED', `${helper} was ended by its AbortSignal.`, {
    cause: signal.reason,
    details: { helper },
  });
}

/** @throws ERR_PLIMSOLL_ABORTED when the signal has come. */
export function throwIfAborted(helper: string, signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw abortedFault(helper, signal);
}

/** Nothing came within `timeoutMs`. */
export function timeoutFault(message: string, details: ErrorDetails): HttpFault {
  return new HttpFault('ERR_PLIMSOLL_TIMEOUT', 408, message, details);
}
