import { isMainThread, resourceLimits } from 'node:worker_threads';
import { processEnvironment } from '../config/environment.ts';
import { processWide } from '../registry.ts';

const MIB = 1024 * 1024;

/** What the young generation may take of V8's heap limit, found once: nothing changes it after the start. */
let youngBytes: number | undefined;
/** Old space of this worker, found once; 0 on the main thread and where it is not known. */
let workerOldBytes: number | undefined;

/**
 * What this process was started with: the words of `NODE_OPTIONS`, then the arguments of node, which win over them. As of the first call: a preload that takes flags
 * out again, so that children do not inherit them, calls this before it does.
 */
export function startWords(): readonly string[] {
  return processWide('start-words', () => [
    ...(processEnvironment()['NODE_OPTIONS'] ?? '').split(/\s+/),
    ...process.execArgv,
  ]);
}

/**
 * The part of V8's `heap_size_limit` that old space may use. V8 adds three semi-spaces to it, which hold nothing that lives long: a heap of 183 MiB old space and
 * 8 MiB semi-spaces shows 207 and dies at 183. Flags tell the parts; without flags old space is V8's default, a power of two in MiB.
 * @see https://github.com/v8/v8/blob/main/src/heap/heap.cc (`Heap::MaxReserved`)
 */
export function oldSpaceLimitBytes(heapLimitBytes: number): number {
  workerOldBytes ??= oldBytesOfWorker(heapLimitBytes);
  if (workerOldBytes > 0) return workerOldBytes;
  youngBytes ??= youngPartBytes(heapLimitBytes, startWords());
  return Math.max(heapLimitBytes / 2, heapLimitBytes - youngBytes);
}

/** The young part of `heapLimitBytes` in a process started with these words (see {@link startWords}). */
export function youngPartBytes(heapLimitBytes: number, words: readonly string[]): number {
  const semiBytes = lastSizeBytes(words, 'max-semi-space-size');
  if (semiBytes !== undefined) return 3 * semiBytes;
  const oldBytes = lastSizeBytes(words, 'max-old-space-size');
  if (oldBytes !== undefined) return Math.max(0, heapLimitBytes - oldBytes);
  return heapLimitBytes - 2 ** Math.floor(Math.log2(heapLimitBytes / MIB)) * MIB;
}

/** A worker knows its own parts, whatever the flags of the process say, unless a flag has overruled what the worker was given. */
function oldBytesOfWorker(heapLimitBytes: number): number {
  const { maxOldGenerationSizeMb = 0, maxYoungGenerationSizeMb = 0 } = resourceLimits;
  const oldBytes = maxOldGenerationSizeMb * MIB;
  // V8 rounds the young generation up to three semi-spaces of a power of two.
  const mostBytes = oldBytes + 2 * maxYoungGenerationSizeMb * MIB;
  const isInForce = !isMainThread && heapLimitBytes >= oldBytes && heapLimitBytes <= mostBytes;
  return isInForce ? oldBytes : 0;
}

function lastSizeBytes(words: readonly string[], flag: string): number | undefined {
  let sizeBytes: number | undefined;
  for (const [index, word] of words.entries()) {
    const [name, value = words[index + 1]] = word.replace(/^--/, '').split('=', 2);
    if (name?.replaceAll('_', '-') === flag && Number(value) > 0) sizeBytes = Number(value) * MIB;
  }
  return sizeBytes;
}
