import type { ConfigInput, PlimsollConfig } from '@plimsoll/memory';

/** The heap plan a service runs under, as far as the guard shows it. `planHeap()` of `@plimsoll/heap` returns one. */
export interface PlannedHeap {
  readonly limitBytes: number;
  /** Old space the plan gives. */
  readonly oldSpaceBytes: number;
  /** What V8 calls `heap_size_limit` under the plan. */
  readonly heapLimitBytes: number;
  /** Arguments for `node`. */
  readonly flags: readonly string[];
  /** The plan as a table for a person. */
  explain(): string;
}

/** Makes a plan for a limit. @throws when no heap fits. */
export type HeapPlanner = (terms: {
  readonly limitBytes: number;
  readonly limitOrigin: string;
  readonly externalBytes: number;
}) => PlannedHeap;

/** What is known at V8's heap limit when the heap may be let grow. */
export interface HeapGrowthTerms {
  /** V8's heap limit that was reached. */
  readonly heapLimitBytes: number;
  readonly heapUsedBytes: number;
  /** What the limit becomes by the next step of growth. */
  readonly nextHeapLimitBytes: number;
  /** The memory limit of this moment. */
  readonly limitBytes: number;
  /** What is free of it. */
  readonly headroomBytes: number;
  /** The memory limit that the heap was planned for. */
  readonly plannedLimitBytes: number;
  /** Memory to keep free beside the heap. */
  readonly externalBytes: number;
}

/** Asked at V8's heap limit, in the middle of whatever the service was doing: the bytes its heap may grow to now, or undefined where there is no room. Must be small, and synchronous. */
export type HeapGrower = (terms: HeapGrowthTerms) => number | undefined;

/** How large the heap may be, as `@plimsoll/heap` knows. */
export type HeapPolicies = Pick<GuardOptions, 'plan' | 'grow'>;

/** What `start()` is told. A member that is missing comes from its `PLIMSOLL_*` variable, then from the table of docs/configuration.md. Read once, at the start. */
export interface GuardOptions {
  /**
   * Memory the process may use, for a limit it cannot see; the smallest of this and what the kernel says wins. Bytes, at least 16 MiB.
   * @default PLIMSOLL_LIMIT, then the kernel's limit
   */
  readonly limitBytes?: number;
  /**
   * Folder that incident folders are written to. Made when it is missing (0700); a symbolic link or another user's folder is refused.
   * @default PLIMSOLL_INCIDENT_DIR, then `plimsoll-incidents-<uid>` in the temporary folder of the system
   */
  readonly incidentDir?: string;
  /**
   * Bytes all incidents of this host may keep; the oldest go first.
   * @default PLIMSOLL_INCIDENT_QUOTA, then 96 MiB; less on a small or memory-backed file system
   */
  readonly incidentQuotaBytes?: number;
  /**
   * `off` never takes a heap snapshot.
   * @default PLIMSOLL_SNAPSHOT, then `auto`
   */
  readonly snapshot?: PlimsollConfig['snapshot'];
  /**
   * Longest time in milliseconds a heap snapshot may stop the service, as predicted.
   * @default PLIMSOLL_MAX_PAUSE, then 1000
   */
  readonly maxPauseMs?: number;
  /**
   * Working set, as a share of the limit, at which an incident opens; 0.1 to 1.
   * @default PLIMSOLL_TRIGGER_RATIO, then 0.85
   */
  readonly triggerRatio?: number;
  /**
   * Form of the lines on stderr.
   * @default PLIMSOLL_LOG, then `json`
   */
  readonly log?: PlimsollConfig['log'];
  /**
   * Plans the heap for the limit that was found, so that incidents can show plan beside fact; `planHeap` of `@plimsoll/heap` is one, and the `start` of the
   * package `plimsoll` gives it. Called once; one that throws because nothing fits leaves no plan.
   */
  readonly plan?: HeapPlanner;
  /**
   * Lets the heap grow at V8's limit where the container was resized in place. Asked before anything is filed; one that throws counts as no room.
   * @default none: the process ends at the limit it was planned for
   */
  readonly grow?: HeapGrower;
}

/** The members of `options` that the configuration table knows; one that is unknown is a fault it reports. */
export function configInputOf(options: GuardOptions): ConfigInput {
  const { plan: _plan, grow: _grow, ...rest } = options;
  return rest;
}
