/** Where a limit came from. `runtime` is what Node reports where /proc may not be read. `host` is the machine's whole memory: nothing tighter was found. */
export type LimitSource = 'option' | 'cgroup-v2' | 'cgroup-v1' | 'rlimit' | 'runtime' | 'host';

/** The control-group layout this process lives in. */
export type CgroupLayout = 'v2' | 'v1' | 'hybrid' | 'none';

/** One number that was read on the way to the limit. */
export interface LimitCandidate {
  readonly source: LimitSource;
  readonly limitBytes: number;
  /** The file, variable or call it was read from: `/sys/fs/cgroup/kubepods/pod1/memory.max`, `PLIMSOLL_LIMIT`, `RLIMIT_AS`, `MemTotal`. */
  readonly origin: string;
  /** What kind of bound: `max` is killed at, `high` is throttled at. */
  readonly kind: 'max' | 'high' | 'hierarchy' | 'address-space' | 'data' | 'total' | 'override';
}

/** How much memory this process may use, and why. */
export interface MemoryLimit {
  /** Bytes at which the kernel kills or throttles; the smallest of all candidates. */
  readonly limitBytes: number;
  readonly source: LimitSource;
  /** The file, variable or call the winning number was read from. */
  readonly origin: string;
  readonly layout: CgroupLayout;
  /** Every number found, smallest first. */
  readonly candidates: readonly LimitCandidate[];
  /** Sentences a person should read: an unreadable file, a hidden parent, no cgroup on this system. */
  readonly notes: readonly string[];
}

/** How {@link resolveMemoryLimit} looks. */
export interface ResolveMemoryLimitOptions {
  /**
   * A directory that stands for `/`: `<root>/proc`, `<root>/sys/fs/cgroup`. For tests and for reading another root.
   * @default '/'
   */
  readonly root?: string;
  /**
   * The process whose limit is asked: another one of this machine, also one in a container, as far as this process may look.
   * @default this process
   */
  readonly pid?: number;
  /** A limit stated by the user (`PLIMSOLL_LIMIT`); the smallest of it and what was found wins. */
  readonly overrideBytes?: number;
}
