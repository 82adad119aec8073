/** Every code a {@link SnapshotError} can carry, with what it means. Match on the code: two copies of the class break `instanceof`. */
export const snapshotErrorCodes = {
  /** The file cannot be opened or read. */
  ERR_SNAPSHOT_INPUT: 'the input cannot be read',
  /** The bytes are not a V8 heap snapshot, or contradict their own header. */
  ERR_SNAPSHOT_FORMAT: 'the bytes are not a heap snapshot',
  /** The file ends before its content is complete. */
  ERR_SNAPSHOT_TRUNCATED: 'the file ends too early',
  /** The snapshot needs more memory than was allowed or than the machine has. */
  ERR_SNAPSHOT_TOO_LARGE: 'the snapshot does not fit the memory',
  /** An option has a value that cannot be used. */
  ERR_SNAPSHOT_OPTION: 'an option has a value that cannot be used',
} as const;

/** A code of {@link snapshotErrorCodes}. */
export type SnapshotErrorCode = keyof typeof snapshotErrorCodes;

/** The numbers behind a {@link SnapshotError}: offsets, counts and sizes, never content of the snapshot. */
export type SnapshotErrorDetails = Readonly<Record<string, number | string>>;

/** The one error class of this package. Errors about bytes say at which offset, what was found and what was expected. */
export class SnapshotError extends Error {
  override readonly name = 'SnapshotError';
  /** Stable and meant for programs. */
  readonly code: SnapshotErrorCode;
  /** The numbers behind the message; `byteOffset` wherever the fault has a place in the file. */
  readonly details: SnapshotErrorDetails;

  constructor(
    code: SnapshotErrorCode,
    message: string,
    options: { readonly cause?: unknown; readonly details?: SnapshotErrorDetails } = {},
  ) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.details = options.details ?? {};
  }
}

/** True when `error` is a {@link SnapshotError} of any copy of this package, and of `code` where one is given. */
export function isSnapshotError(error: unknown, code?: SnapshotErrorCode): error is SnapshotError {
  if (!(error instanceof Error) || error.name !== 'SnapshotError') return false;
  const { code: actual } = error as Partial<SnapshotError>;
  return actual !== undefined && actual in snapshotErrorCodes && (code === undefined || actual === code);
}

/** A fault at a place in the file: what was found there and what was expected instead. */
export function formatFault(byteOffset: number, found: string, expected: string): SnapshotError {
  return new SnapshotError(
    'ERR_SNAPSHOT_FORMAT',
    `not a readable heap snapshot: at byte ${byteOffset} found ${found}, expected ${expected}`,
    { details: { byteOffset, expected } },
  );
}

/** The file ended at `byteOffset` while `expected` was still to come. */
export function truncatedFault(byteOffset: number, expected: string): SnapshotError {
  return new SnapshotError(
    'ERR_SNAPSHOT_TRUNCATED',
    `the snapshot is truncated: the file ends at byte ${byteOffset}, expected ${expected}; copy or capture it again`,
    { details: { byteOffset, expected } },
  );
}
