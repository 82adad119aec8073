/**
 * Something that holds memory it could give back: a cache, a pool, a spill buffer, a loaded module.
 * Implement it on the object itself and register that with `{ weak: true }`, or pass a literal.
 */
export interface MemoryHolder {
  /** Shown in `plimsoll top`, the journal and metrics. A name from source code, never data. */
  readonly name: string;
  /**
   * What losing one byte costs, relative: 0 = nothing is lost (idle pool objects), 1 = it must be computed or fetched again (a cache's default), above =
   * dearer. The cheapest bytes are asked for first. Read each time.
   * @default 1
   */
  readonly cost?: number | (() => number);
  /** Bytes held now. Called at every tick: cheap, no allocation. */
  bytes(): number;
  /** Gives back about `targetBytes`, synchronously, and returns the bytes really given back. Must not throw; a throw counts as 0. */
  reclaim(targetBytes: number): number;
}

/** How {@link registerHolder} keeps the holder. */
export interface RegisterHolderOptions {
  /**
   * Keep the holder by a weak reference only, so that registering it does not keep it alive.
   * @default false
   */
  readonly weak?: boolean;
}

/** What one holder was asked for and gave. */
export interface HolderReclaim {
  readonly name: string;
  readonly cost: number;
  readonly askedBytes: number;
  /** What the holder said it gave back. */
  readonly returnedBytes: number;
  /** What `bytes()` fell by: the holder's word, checked. */
  readonly measuredBytes: number;
  /** The message of an error thrown by the holder. */
  readonly error?: string;
}

/** What one call of {@link reclaim} came to. */
export interface ReclaimResult {
  readonly targetBytes: number;
  readonly returnedBytes: number;
  readonly holders: readonly HolderReclaim[];
}

/** One registered holder as {@link listHolders} shows it. */
export interface HolderStatus {
  readonly name: string;
  readonly bytes: number;
  readonly cost: number;
}
