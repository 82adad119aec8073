/** Every code a {@link PlimsollError} can carry, with what it means. Match on the code: two copies of the class break `instanceof`. */
export const errorCodes = {
  /** An option or argument has a value that cannot be used. */
  ERR_PLIMSOLL_OPTION: 'an option has a value that cannot be used',
  /** One or more `PLIMSOLL_*` variables are unknown or have a bad value; all of them are listed. */
  ERR_PLIMSOLL_CONFIG: 'the configuration has faults',
  /** No heap fits the container beside the reserves. */
  ERR_PLIMSOLL_PLAN: 'no heap fits the container',
  /** A part of the runtime that was asked for is missing (inspector, worker, file system permission). */
  ERR_PLIMSOLL_UNAVAILABLE: 'a part of the runtime is missing',
  /** An object was used after it was disposed. */
  ERR_PLIMSOLL_DISPOSED: 'the object was used after it was disposed',
  /** A bound given by the caller was passed by the data. */
  ERR_PLIMSOLL_LIMIT: 'a bound was passed',
  /** A file or stream is not what its format says. */
  ERR_PLIMSOLL_FORMAT: 'the data is not what its format says',
  /** Nothing came within the time allowed. */
  ERR_PLIMSOLL_TIMEOUT: 'nothing came within the time allowed',
  /** The caller's AbortSignal ended the call. */
  ERR_PLIMSOLL_ABORTED: 'the caller ended the call',
  /** A lease was given back twice, to a pool it is not of, or never. */
  ERR_PLIMSOLL_LEASE: 'a lease was given back twice, to another pool, or never',
  /** A function of the caller that makes something (an object, a connection, a module) failed or answered nothing. */
  ERR_PLIMSOLL_FACTORY: 'a factory of the caller failed or answered nothing',
} as const;

/** A code of {@link errorCodes}. */
export type ErrorCode = keyof typeof errorCodes;

/** Plain data that belongs to an error: numbers and names, never content of the application. */
export type ErrorDetails = Readonly<Record<string, unknown>>;

/** What is passed to a {@link PlimsollError} beside its code and message. */
export interface PlimsollErrorOptions {
  /** The error that led to this one. */
  readonly cause?: unknown;
  /** The numbers and names behind the message. */
  readonly details?: ErrorDetails;
}

/** The one error class of Plimsoll. The message says what, the value given, what was expected and what to do. */
export class PlimsollError extends Error {
  override readonly name = 'PlimsollError';
  /** Stable and meant for programs. */
  readonly code: ErrorCode;
  /** The numbers and names behind the message. */
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, options: PlimsollErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.details = options.details ?? {};
  }
}

/** True when `error` is a {@link PlimsollError} of any copy of this package, and of `code` where one is given. */
export function isPlimsollError(error: unknown, code?: ErrorCode): error is PlimsollError {
  if (!(error instanceof Error) || error.name !== 'PlimsollError') return false;
  const { code: actual } = error as Partial<PlimsollError>;
  return actual !== undefined && actual in errorCodes && (code === undefined || actual === code);
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
