import type { PlatformName } from './platform.ts';

/** What {@link planHeap} is told. */
export interface PlanHeapOptions {
  /** Bytes at which the kernel kills or throttles: `resolveMemoryLimit().limitBytes`. */
  readonly limitBytes: number;
  /** Where the limit came from, for the explanation: a file, a variable. */
  readonly limitOrigin?: string;
  /**
   * Bytes to keep free beside the heap for Buffers and native libraries.
   * @default 0
   */
  readonly externalBytes?: number;
  /**
   * Worker threads that live as long as the process.
   * @default 0
   */
  readonly workerCount?: number;
  /**
   * Old space of each worker: its `resourceLimits.maxOldGenerationSizeMb`.
   * @default 16 MiB
   */
  readonly workerOldSpaceBytes?: number;
  /**
   * Child processes of Node.js that live as long as this one and run the same kind of service: cluster workers, instances of a process manager. Every process of
   * the service, this one included, gets an equal share of the limit; the pages of the node program are counted once.
   * @default 0
   */
  readonly childCount?: number;
  /**
   * Bytes another program needs that stays in the container beside the service: a package manager that started it, a sidecar process.
   * @default 0
   */
  readonly besideBytes?: number;
  /** A semi-space the user has chosen himself; without it the plan chooses. */
  readonly semiSpaceBytes?: number;
  /**
   * Major version of the Node.js that will run.
   * @default the one that runs now
   */
  readonly nodeMajor?: number;
  /**
   * The row of constants to plan with.
   * @default the row of the machine this runs on
   */
  readonly platform?: PlatformName;
}

/** What a {@link HeapReserve} is for. */
export type ReserveName =
  | 'program'
  | 'process'
  | 'guard'
  | 'young'
  | 'heap-overhead'
  | 'external'
  | 'workers'
  | 'children'
  | 'beside'
  | 'margin';

/** Bytes of the limit that the old space may not use. */
export interface HeapReserve {
  readonly name: ReserveName;
  readonly bytes: number;
  /** Why, in words for a person. */
  readonly reason: string;
}

/** What a plan gives each worker thread. */
export interface WorkerPlan {
  readonly workerCount: number;
  readonly oldSpaceBytes: number;
  readonly semiSpaceBytes: number;
}

/** How a limit is spent. The reserves and the old space add up to the limit exactly. */
export interface HeapPlan {
  readonly limitBytes: number;
  readonly limitOrigin: string | undefined;
  /** `--max-old-space-size`: whole MiB. */
  readonly oldSpaceBytes: number;
  /** `--max-semi-space-size`: whole MiB. */
  readonly semiSpaceBytes: number;
  /** What V8 will call `heap_size_limit`: old space and three semi-spaces. */
  readonly heapLimitBytes: number;
  readonly reserves: readonly HeapReserve[];
  /** What each worker thread gets; undefined in a plan without workers. */
  readonly workers: WorkerPlan | undefined;
  /** Child processes that get the same flags; each of them has the old space of this plan. */
  readonly childCount: number;
  /** The row of constants that was used. */
  readonly platform: PlatformName;
  /** Arguments for `node`; each of them is allowed in `NODE_OPTIONS` too. */
  readonly flags: readonly string[];
  /** The plan as a table for a person: one row per reserve, then the flags. */
  readonly explain: () => string;
}
