import { mib } from '@plimsoll/memory';
import type { HeapReserve, PlanHeapOptions } from './heap-plan.ts';

/**
 * Pages of the node binary that a busy process keeps touching. They are charged to the container that touched them first, so a plan that leaves them out is
 * right on every restart and ends in a livelock on a fresh machine: the kernel evicts and re-reads the program's own code instead of killing anything.
 */
const PROGRAM_BYTES = mib(36);

/** Anonymous memory of a process that runs nothing yet: malloc, stacks, the first isolate. Idle it is 6 to 9 MiB on Node.js 20 to 26. */
const PROCESS_BYTES = mib(10);

/** What the guard may keep for itself: its modules, the sampling profile, the timeline. */
const GUARD_BYTES = mib(4);

/** What a full old space needs beside itself: page headers, marking bitmaps, remembered sets, fragmentation. */
const HEAP_OVERHEAD_RATIO = 0.05;

/**
 * Before Node.js 24 the collector's own malloc'd memory (slot sets, marking worklists, one arena per helper thread) is not given back between the collections
 * of a heap that is full, and above this size it comes to much more: 107 to 174 MB at 862 MiB, 332 MB at 1,800 MiB, against 32 to 67 MB on 24 and 26.
 */
const LARGE_HEAP_BYTES = mib(400);
const LARGE_HEAP_OVERHEAD_RATIO = 0.16;
const LARGE_HEAP_MENDED_MAJOR = 24;

/** Bytes that an old space of `oldSpaceBytes` needs beside itself when it is full. */
export function heapOverheadBytes(oldSpaceBytes: number, nodeMajor: number): number {
  const largeBytes = nodeMajor < LARGE_HEAP_MENDED_MAJOR ? Math.max(0, oldSpaceBytes - LARGE_HEAP_BYTES) : 0;
  return Math.ceil(oldSpaceBytes * HEAP_OVERHEAD_RATIO + largeBytes * LARGE_HEAP_OVERHEAD_RATIO);
}

/** The largest old space that fits `freeBytes` with its overhead. */
export function oldSpaceWithin(freeBytes: number, nodeMajor: number): number {
  const smallBytes = freeBytes / (1 + HEAP_OVERHEAD_RATIO);
  if (nodeMajor >= LARGE_HEAP_MENDED_MAJOR || smallBytes <= LARGE_HEAP_BYTES) return smallBytes;
  return (
    (freeBytes + LARGE_HEAP_BYTES * LARGE_HEAP_OVERHEAD_RATIO) /
    (1 + HEAP_OVERHEAD_RATIO + LARGE_HEAP_OVERHEAD_RATIO)
  );
}

/** Left free at V8's limit for what is written at that moment: the profile, the autopsy, the last lines. */
const EVIDENCE_BYTES = mib(20);

/** A worker before its own heap: its isolate, stack, event loop and malloc arena. */
const WORKER_BYTES = mib(14);

/** The semi-space a worker of a planned service gets. */
const WORKER_SEMI_SPACE_BYTES = mib(2);

/** @default of `workerOldSpaceBytes`. */
export const DEFAULT_WORKER_OLD_SPACE_BYTES: number = mib(16);

/** The kernel's own pages (stacks, sockets, page tables) and what nobody has measured: 2 % of the limit, at least 4 MiB. */
const MARGIN_RATIO = 0.02;
const MARGIN_MIN_BYTES = mib(4);

/**
 * The semi-space for a limit. A service that allocates per request pays 1.7 × the CPU at V8's 1 MiB and gains nothing above 16 MiB; small containers cannot
 * spare two of 16 MiB.
 */
export function semiSpaceBytesFor(limitBytes: number): number {
  if (limitBytes >= mib(512)) return mib(16);
  if (limitBytes >= mib(256)) return mib(8);
  return mib(2);
}

/** Every reserve except those that follow from the old space's own size. */
export function fixedReserves(
  options: Required<Pick<PlanHeapOptions, 'limitBytes' | 'externalBytes' | 'workerCount' | 'nodeMajor'>> &
    Required<Pick<PlanHeapOptions, 'workerOldSpaceBytes' | 'besideBytes' | 'semiSpaceBytes'>>,
): HeapReserve[] {
  const { limitBytes, externalBytes, workerCount, workerOldSpaceBytes, besideBytes, semiSpaceBytes } =
    options;
  const { nodeMajor } = options;
  const reserves: HeapReserve[] = [
    {
      name: 'program',
      bytes: PROGRAM_BYTES,
      reason: 'pages of the node program itself; without them it hangs re-reading its own code',
    },
    {
      name: 'process',
      bytes: PROCESS_BYTES,
      reason: 'what Node.js needs before it runs any code',
    },
    {
      name: 'guard',
      bytes: GUARD_BYTES,
      reason: 'the guard: its modules, the sampling profile, the timeline',
    },
    {
      name: 'young',
      bytes: 2 * semiSpaceBytes,
      reason: 'young generation: two semi-spaces are in use while objects are copied',
    },
  ];
  if (externalBytes > 0) {
    reserves.push({
      name: 'external',
      bytes: externalBytes,
      reason: 'Buffers and native libraries, as stated',
    });
  }
  if (workerCount > 0) {
    const oldBytes = workerOldSpaceBytes + heapOverheadBytes(workerOldSpaceBytes, nodeMajor);
    const eachBytes = WORKER_BYTES + oldBytes + 2 * WORKER_SEMI_SPACE_BYTES;
    reserves.push({
      name: 'workers',
      bytes: workerCount * eachBytes,
      reason: `${workerCount} worker thread${workerCount === 1 ? '' : 's'} with their heaps`,
    });
  }
  if (besideBytes > 0) {
    reserves.push({
      name: 'beside',
      bytes: besideBytes,
      reason: 'another program that stays in the container',
    });
  }
  reserves.push({
    name: 'evidence',
    bytes: EVIDENCE_BYTES,
    reason: 'left free at V8’s limit to write down what filled the heap',
  });
  reserves.push({
    name: 'margin',
    bytes: Math.max(MARGIN_MIN_BYTES, Math.ceil(limitBytes * MARGIN_RATIO)),
    reason: 'kernel memory of the container (sockets, page tables) and rounding',
  });
  return reserves;
}
