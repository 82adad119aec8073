/** How one call of a remote function is made. */
export interface CallOptions {
  /** Ends the call: the caller gets ERR_PLIMSOLL_ABORTED at once, the function sees it in `this.signal`, and a host that still runs it a second later is ended. */
  readonly signal?: AbortSignal;
  /**
   * Milliseconds, or Infinity, until the caller gets ERR_PLIMSOLL_TIMEOUT; then as for `signal`.
   * @default the callTimeoutMs of the module
   */
  readonly timeoutMs?: number;
  /** ArrayBuffers among the arguments that are moved and not copied: empty here afterwards. To a child process they are always copied. */
  readonly transfer?: readonly ArrayBuffer[];
}

/** One call, from the moment it was asked until it is settled. */
export interface RemoteCall {
  readonly id: number;
  readonly method: string;
  readonly args: readonly unknown[];
  readonly transfer: readonly ArrayBuffer[];
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  /** Ends what was set up for this call alone. */
  cleanUp: () => void;
  /** True when its caller has its answer, though the host may still be at it. */
  settled: boolean;
}

const moved: unique symbol = Symbol.for('plimsoll.moved') as never;

/**
 * For the functions of a remote module: answers `value` and moves `buffers`, which are part of it, to the caller instead of copying them. Of use in a worker;
 * from a child process they are copied.
 * @example return moveBuffers(pixels, [pixels.buffer]);
 */
export function moveBuffers<T>(value: T, buffers: readonly ArrayBuffer[]): T {
  return { [moved]: buffers, value } as T;
}
