/** What the kernel has counted for the cgroup since it was made, and its pressure now. A counter that the kernel does not give is 0; a ratio, NaN. */
export interface KernelCounters {
  /** v1 `memory.failcnt`, v2 `memory.events` `max`: summed over the levels that have a limit. */
  readonly limitHitCount: number;
  /** v2 `memory.events` `high`. */
  readonly highHitCount: number;
  /** `oom_kill` of `memory.events` or `memory.oom_control`. */
  readonly oomKillCount: number;
  /** PSI `full avg10` as 0..1; NaN without per-cgroup PSI (v1). */
  readonly stalledRatio: number;
}

/** Everything one tick knows about memory. Made once per tick and shared by all; frozen shape, numbers only. */
export interface MemorySample {
  /** Milliseconds since the epoch, for people and files. */
  readonly atMs: number;
  /** Milliseconds of the monotonic clock, for differences. */
  readonly monotonicMs: number;
  /** The limit of the tightest level in force at this moment. */
  readonly limitBytes: number;
  /** Usage − inactive file pages of the tightest level: what the kernel cannot take back. */
  readonly workingSetBytes: number;
  /** The smallest of limit − working set over every level from the process's cgroup to the root. */
  readonly headroomBytes: number;
  /** Resident memory of this process. */
  readonly rssBytes: number;
  /** Resident memory of this process that belongs to no file. */
  readonly anonymousBytes: number;
  readonly heapUsedBytes: number;
  /** Heap pages V8 has committed. */
  readonly heapCommittedBytes: number;
  /** V8's `heap_size_limit` of the main isolate: old space and young generation. */
  readonly heapLimitBytes: number;
  /** External memory V8 knows of, ArrayBuffers included. */
  readonly externalBytes: number;
  readonly arrayBuffersBytes: number;
  /** Committed heap of worker isolates that are registered; 0 when none is. */
  readonly workerHeapBytes: number;
  /** Anonymous memory that is neither heap, external nor workers: native libraries, malloc's residue, stacks. */
  readonly otherNativeBytes: number;
  /** The working set of the cgroup that is not this process. */
  readonly otherProcessesBytes: number;
  readonly kernel: KernelCounters;
}
