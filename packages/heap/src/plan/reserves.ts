import { mib } from '@plimsoll/memory';
import type { HeapReserve, PlanHeapOptions } from './heap-plan.ts';
import { platforms } from './platform.ts';

/** What the guard may keep for itself: its modules, the sampling profile, the timeline. */
export const GUARD_BYTES: number = mib(4);

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

/** The semi-space a worker of a planned service gets. */
export const WORKER_SEMI_SPACE_BYTES: number = mib(2);

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

/** A plan's options with every default filled in. */
export type FullPlanOptions = Required<Omit<PlanHeapOptions, 'limitOrigin'>>;

/** What one process of the service may use: the whole limit, or its share of all but the program's pages, which all processes have in common. */
export function ownLimitBytes({ limitBytes, childCount, platform }: FullPlanOptions): number {
  if (childCount === 0) return limitBytes;
  const { programBytes } = platforms[platform];
  return programBytes + Math.max(0, Math.floor((limitBytes - programBytes) / (childCount + 1)));
}

/** Every reserve except those that follow from the old space's own size. */
export function fixedReserves(options: FullPlanOptions): HeapReserve[] {
  const { externalBytes, besideBytes, semiSpaceBytes } = options;
  const { programBytes, processBytes } = platforms[options.platform];
  const optional = [
    reserve(externalBytes, 'external', 'Buffers and native libraries, as stated'),
    workersReserve(options),
    childrenReserve(options),
    reserve(besideBytes, 'beside', 'another program that stays in the container'),
  ];
  return [
    {
      name: 'program',
      bytes: programBytes,
      reason: 'pages of the node program itself; without them it hangs re-reading its own code',
    },
    {
      name: 'process',
      bytes: processBytes,
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
    ...optional.filter(({ bytes }) => bytes > 0),
    {
      name: 'evidence',
      bytes: EVIDENCE_BYTES,
      reason: 'left free at V8’s limit to write down what filled the heap',
    },
    {
      name: 'margin',
      bytes: Math.max(MARGIN_MIN_BYTES, Math.ceil(ownLimitBytes(options) * MARGIN_RATIO)),
      reason: 'kernel memory of the container (sockets, page tables) and rounding',
    },
  ];
}

function reserve(bytes: number, name: HeapReserve['name'], reason: string): HeapReserve {
  return { name, bytes, reason };
}

function workersReserve(options: FullPlanOptions): HeapReserve {
  const { workerCount, workerOldSpaceBytes, nodeMajor, platform } = options;
  const oldBytes = workerOldSpaceBytes + heapOverheadBytes(workerOldSpaceBytes, nodeMajor);
  const eachBytes = platforms[platform].workerBytes + oldBytes + 2 * WORKER_SEMI_SPACE_BYTES;
  const reason = `${workerCount} worker thread${workerCount === 1 ? '' : 's'} with their heaps`;
  return reserve(workerCount * eachBytes, 'workers', reason);
}

function childrenReserve(options: FullPlanOptions): HeapReserve {
  const { childCount, limitBytes } = options;
  const count = childCount === 1 ? 'a child process' : `${childCount} child processes`;
  const reason = `${count} with the same heap as this one`;
  return reserve(limitBytes - ownLimitBytes(options), 'children', reason);
}
