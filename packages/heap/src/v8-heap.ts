import { gib, mib } from '@plimsoll/memory';
import type { UserHeapFlags } from './flags/user-heap-flags.ts';

/** The heap V8 gives itself, in a container or with a user's flags. */
export interface V8Heap {
  readonly oldSpaceBytes: number;
  readonly semiSpaceBytes: number;
  /** What V8 will call `heap_size_limit`: old space and three semi-spaces. */
  readonly heapLimitBytes: number;
}

/** What {@link predictV8Heap} is told. */
export interface PredictV8HeapOptions {
  /** What Node.js takes for the machine's memory: the limit of its own cgroup, or the memory of the machine. */
  readonly limitBytes: number;
  readonly nodeMajor: number;
  /** Flags the user has set; none by default. */
  readonly flags?: UserHeapFlags;
}

/**
 * The heap V8 gives itself on a 64-bit machine: half the memory, between 256 MiB and 2 GiB (4 GiB from 15 GiB of memory), so that a container below 512 MiB gets
 * a heap that does not fit it and one of 8 GiB leaves most of it idle. Flags the user has set replace parts of it.
 * @see `Heap::HeapSizeFromPhysicalMemory` in V8's src/heap/heap.cc
 */
export function predictV8Heap(options: PredictV8HeapOptions): V8Heap {
  const { limitBytes, nodeMajor, flags } = options;
  const defaultOldBytes = Math.min(
    Math.max(Math.floor(limitBytes / 2), mib(256)),
    limitBytes >= gib(15) ? gib(4) : gib(2),
  );
  const valueOf = (name: string) => flags?.all.find((flag) => flag.name === name);
  const semiSpaceBytes =
    valueOf('max-semi-space-size')?.bytes ?? defaultSemiSpaceBytes(limitBytes, defaultOldBytes, nodeMajor);
  const percentage = Number(valueOf('max-old-space-size-percentage')?.text.split('=')[1]);
  const heapBytes = valueOf('max-heap-size')?.bytes;
  const oldSpaceBytes =
    (percentage > 0 ? Math.floor((limitBytes * percentage) / 100) : undefined) ??
    valueOf('max-old-space-size')?.bytes ??
    (heapBytes === undefined ? defaultOldBytes : Math.max(0, heapBytes - 3 * semiSpaceBytes));
  return { oldSpaceBytes, semiSpaceBytes, heapLimitBytes: oldSpaceBytes + 3 * semiSpaceBytes };
}

/** Measured on Node.js 20.20, 22.23, 24.21 and 26.10 in cgroups of 64 MiB to 16 GiB. */
function defaultSemiSpaceBytes(limitBytes: number, oldSpaceBytes: number, nodeMajor: number): number {
  if (nodeMajor >= 26) return clampPowerOfTwo(limitBytes / 128, mib(2), mib(32));
  if (oldSpaceBytes <= mib(256)) return mib(1);
  if (nodeMajor >= 24) return clampPowerOfTwo(oldSpaceBytes / 32, mib(1), mib(64));
  return clampPowerOfTwo(oldSpaceBytes / 128, mib(1), mib(16));
}

function clampPowerOfTwo(bytes: number, minBytes: number, maxBytes: number): number {
  return Math.min(Math.max(2 ** Math.ceil(Math.log2(bytes)), minBytes), maxBytes);
}
