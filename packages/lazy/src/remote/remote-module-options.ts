import {
  countRange,
  durationRange,
  requireBytes,
  requireCount,
  withDefaults,
} from '@plimsoll/memory/holders';

/** How a module runs in a worker or child process. */
export interface RemoteModuleOptions {
  /** Heap the module may use: the old space of the worker or child. In the plan of the container it is part of what is kept free beside the heap. */
  readonly maxHeapBytes: number;
  /**
   * After so long without a call the worker or child ends, and the next call starts another. Milliseconds, or Infinity.
   * @default 30_000
   */
  readonly idleMs?: number;
  /**
   * Calls under way in the worker or child at one time; others wait here, unsent. More than one helps functions that wait, not those that compute.
   * @default 1
   */
  readonly concurrencyCount?: number;
  /**
   * Calls that wait or are under way at most; one more is refused with ERR_PLIMSOLL_LIMIT.
   * @default 100
   */
  readonly maxPendingCount?: number;
  /**
   * Milliseconds, or Infinity, from the call until its caller gets ERR_PLIMSOLL_TIMEOUT.
   * @default 60_000
   */
  readonly callTimeoutMs?: number;
  /**
   * Shown in `plimsoll top`, events and errors. A name from source code.
   * @default the last part of the module's path
   */
  readonly name?: string;
}

/** What {@link RemoteModuleOptions} are when left out. */
export const remoteModuleDefaults: Readonly<Required<Omit<RemoteModuleOptions, 'maxHeapBytes' | 'name'>>> =
  Object.freeze({ idleMs: 30_000, concurrencyCount: 1, maxPendingCount: 100, callTimeoutMs: 60_000 });

/** The functions of a module as seen from outside: each answers with a promise. */
export type RemoteApi<Api> = {
  readonly [
    Name in keyof Api as Api[Name] extends (...args: never[]) => unknown ? Name : never
  ]: Api[Name] extends (...args: infer Args) => infer Answer
    ? (...args: Args) => Promise<Awaited<Answer>>
    : never;
};

/** The counters of a {@link RemoteModule}. */
export interface RemoteModuleStats {
  readonly running: boolean;
  /** Calls sent and not answered. */
  readonly activeCount: number;
  /** Calls not sent yet. */
  readonly waitingCount: number;
  readonly startCount: number;
  readonly crashCount: number;
  readonly callCount: number;
}

/**
 * The options with every default filled in, but the name.
 * @throws ERR_PLIMSOLL_OPTION when one has a value that cannot be used.
 */
export function resolveRemoteModuleOptions(
  options: RemoteModuleOptions,
): Required<Omit<RemoteModuleOptions, 'name'>> {
  const settings = withDefaults(remoteModuleDefaults, options);
  return {
    maxHeapBytes: requireBytes('maxHeapBytes', settings.maxHeapBytes, 1_048_576),
    idleMs: requireCount('idleMs', settings.idleMs, durationRange),
    concurrencyCount: requireCount('concurrencyCount', settings.concurrencyCount, countRange),
    maxPendingCount: requireCount('maxPendingCount', settings.maxPendingCount, countRange),
    callTimeoutMs: requireCount('callTimeoutMs', settings.callTimeoutMs, durationRange),
  };
}
