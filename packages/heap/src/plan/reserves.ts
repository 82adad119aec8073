import { gib, mib } from '@plimsoll/memory';
import type { HeapReserve, PlanHeapOptions } from './heap-plan.ts';
import { platforms, programBytesOf } from './platform.ts';

/** What the guard may keep for itself: its modules, the sampling profile, the timeline. */
export const GUARD_BYTES: number = mib(4);

/** What its second thread takes on top, and the limit from which the guard starts it by itself. */
const SENTINEL_BYTES = mib(15);
const SENTINEL_FROM_BYTES = gib(1);

function guardBytesFor(limitBytes: number): number {
  return limitBytes >= SENTINEL_FROM_BYTES ? GUARD_BYTES + SENTINEL_BYTES : GUARD_BYTES;
}

/** What a full old space needs beside itself: page headers, marking bitmaps, remembered sets, fragmentation. */
interface HeapOverhead {
  readonly ratio: number;
  /** What comes on top, of every byte above {@link LARGE_HEAP_BYTES}. */
  readonly largeRatio: number;
}

const LARGE_HEAP_BYTES = mib(400);

/**
 * Before Node.js 24 the collector's own malloc'd memory (slot sets, marking worklists, one arena per helper thread) is not given back between the collections
 * of a heap that is full: a guarded service that dies at 179 MiB of old space has 42 to 45 MiB of anonymous memory beside it there, at 800 96 to 158, at 1,600 to 1,680 261 to 274, at
 * 3,318 570; on 24 and 26 27 to 36 (169), 36 to 73 (880), 72 (1,800), 104 (3,695) on 24, 123 (880) on 26.
 */
function overheadOf(nodeMajor: number): HeapOverhead {
  if (nodeMajor < 24) return { ratio: 0.13, largeRatio: 0.05 };
  // Node.js 26 has 169 MiB beside 1,803 (a livelock) and 200 beside 1,751, where 24 has 72.
  return { ratio: 0.05, largeRatio: nodeMajor < 26 ? 0 : 0.05 };
}

/** Bytes that an old space of `oldSpaceBytes` needs beside itself when it is full. */
export function heapOverheadBytes(oldSpaceBytes: number, nodeMajor: number): number {
  const { ratio, largeRatio } = overheadOf(nodeMajor);
  return Math.ceil(oldSpaceBytes * ratio + Math.max(0, oldSpaceBytes - LARGE_HEAP_BYTES) * largeRatio);
}

/** The largest old space that fits `freeBytes` with its overhead. */
export function oldSpaceWithin(freeBytes: number, nodeMajor: number): number {
  const { ratio, largeRatio } = overheadOf(nodeMajor);
  const smallBytes = freeBytes / (1 + ratio);
  if (smallBytes <= LARGE_HEAP_BYTES) return smallBytes;
  return (freeBytes + LARGE_HEAP_BYTES * largeRatio) / (1 + ratio + largeRatio);
}

/** What the evidence needs at the limit where the young generation that V8 has emptied is smaller: in 128 MiB. */
export const YOUNG_LEAST_BYTES: number = mib(8);

/** What is written at V8's limit may take: the profile, the autopsy, the last lines. Measured: 4 to 12 MiB; the guard promises no more than this. */
export const EVIDENCE_BYTES: number = mib(20);

/** The semi-space a worker of a planned service gets. */
export const WORKER_SEMI_SPACE_BYTES: number = mib(2);

/** @default of `workerOldSpaceBytes`. */
export const DEFAULT_WORKER_OLD_SPACE_BYTES: number = mib(16);

/** The kernel's own pages (stacks, sockets, page tables): 3 to 7 MiB in 128 and 256 MiB, 13 to 16 in 512, 24 to 31 in 1,024. */
const MARGIN_RATIO = 0.03;
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
export function ownLimitBytes({ limitBytes, childCount, platform, nodeMajor }: FullPlanOptions): number {
  if (childCount === 0) return limitBytes;
  const programBytes = programBytesOf(platform, nodeMajor);
  return programBytes + Math.max(0, Math.floor((limitBytes - programBytes) / (childCount + 1)));
}

/** Every reserve except those that follow from the old space's own size. */
export function fixedReserves(options: FullPlanOptions): HeapReserve[] {
  const { externalBytes, besideBytes, semiSpaceBytes, platform, nodeMajor } = options;
  const guardBytes = guardBytesFor(ownLimitBytes(options));
  const optional = [
    reserve(externalBytes, 'external', 'Buffers and native libraries, as stated'),
    workersReserve(options),
    childrenReserve(options),
    reserve(besideBytes, 'beside', 'another program that stays in the container'),
  ];
  return [
    {
      name: 'program',
      bytes: programBytesOf(platform, nodeMajor),
      reason: 'pages of the node program itself; without them it hangs re-reading its own code',
    },
    {
      name: 'process',
      bytes: platforms[platform].processBytes,
      reason: 'what Node.js needs before it runs any code',
    },
    {
      name: 'guard',
      bytes: guardBytes,
      reason: `the guard: its modules, the sampling profile, the timeline${guardBytes > GUARD_BYTES ? ', its sentinel thread' : ''}`,
    },
    {
      name: 'young',
      bytes: Math.max(semiSpaceBytes, YOUNG_LEAST_BYTES),
      reason: 'young generation; V8 empties it at its limit, and the evidence is written in its place',
    },
    ...optional.filter(({ bytes }) => bytes > 0),
    {
      name: 'margin',
      bytes: Math.max(MARGIN_MIN_BYTES, Math.ceil(ownLimitBytes(options) * MARGIN_RATIO)),
      reason: 'kernel memory of the container (sockets, page tables), and rounding',
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
