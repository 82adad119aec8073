import { type MemorySample, mib } from '@plimsoll/memory';

/** A sample of a 256 MiB container with `members` changed. */
export function sampleOf(members: Partial<MemorySample> = {}): MemorySample {
  return {
    atMs: Date.UTC(2026, 10, 20, 17, 0, 0),
    monotonicMs: 0,
    limitBytes: mib(256),
    workingSetBytes: mib(100),
    headroomBytes: mib(156),
    rssBytes: mib(120),
    anonymousBytes: mib(90),
    heapUsedBytes: mib(60),
    heapCommittedBytes: mib(70),
    heapLimitBytes: mib(199),
    externalBytes: mib(4),
    arrayBuffersBytes: mib(3),
    workerHeapBytes: 0,
    otherNativeBytes: mib(16),
    otherProcessesBytes: 0,
    kernel: { limitHitCount: 0, highHitCount: 0, oomKillCount: 0, stalledRatio: Number.NaN },
    ...members,
  };
}
