import {
  durationRange,
  requireBytes,
  requireCount,
  requireFunction,
  withDefaults,
} from '@plimsoll/memory/holders';

/** How a value is made late and given back early. */
export interface LazyValueOptions<T> {
  /** Ends a value that is not in use any more. Without it the value is only forgotten. What it throws goes to the channel `plimsoll:lazy`. */
  readonly dispose?: (value: T) => unknown;
  /**
   * A value that nobody used for so long is given back. Milliseconds, or Infinity.
   * @default Infinity: only under memory pressure
   */
  readonly idleMs?: number;
  /**
   * How long the factory may take before its callers get the error; what it answers later is disposed of. Milliseconds, or Infinity.
   * @default 30_000
   */
  readonly timeoutMs?: number;
  /**
   * Bytes the value holds: how much the process can hope for by giving it back.
   * @default 1_048_576: a guess
   */
  readonly valueBytes?: number;
  /**
   * Shown in `plimsoll top`, events and errors. A name from source code.
   * @default the place of the declaration
   */
  readonly name?: string;
}

/** What {@link LazyValueOptions} are when left out. */
export const lazyValueDefaults: Readonly<{ idleMs: number; timeoutMs: number; valueBytes: number }> =
  Object.freeze({
    idleMs: Number.POSITIVE_INFINITY,
    timeoutMs: 30_000,
    valueBytes: 1_048_576,
  });

/** The counters of a {@link LazyValue}. */
export interface LazyValueStats {
  readonly loaded: boolean;
  /** Uses that have begun and not ended. */
  readonly activeCount: number;
  readonly useCount: number;
  readonly loadCount: number;
  readonly failedCount: number;
  readonly unloadCount: number;
}

/** {@link LazyValueOptions} with every default filled in, but the name. */
export interface ResolvedLazyValueOptions<T> {
  readonly dispose: ((value: T) => unknown) | undefined;
  readonly idleMs: number;
  readonly timeoutMs: number;
  readonly valueBytes: number;
}

/**
 * The options with every default filled in.
 * @throws ERR_PLIMSOLL_OPTION when one has a value that cannot be used.
 */
export function resolveLazyValueOptions<T>(options: LazyValueOptions<T>): ResolvedLazyValueOptions<T> {
  const { dispose, idleMs, timeoutMs, valueBytes } = withDefaults(lazyValueDefaults, options);
  return {
    dispose: dispose === undefined ? undefined : requireFunction('dispose', dispose),
    idleMs: requireCount('idleMs', idleMs, durationRange),
    timeoutMs: requireCount('timeoutMs', timeoutMs, durationRange),
    valueBytes: requireBytes('valueBytes', valueBytes),
  };
}
