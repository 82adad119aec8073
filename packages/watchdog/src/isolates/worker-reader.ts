import { getHeapStatistics } from 'node:v8';
import type { MemoryLimit, MemoryReader, MemorySample } from '@plimsoll/memory';
import type { IsolateWords } from './isolate-words.ts';

const noCounters: MemorySample['kernel'] = Object.freeze({
  limitHitCount: 0,
  highHitCount: 0,
  oomKillCount: 0,
  stalledRatio: Number.NaN,
});

/**
 * What memory looks like from a worker: its own heap, and of the process what the main thread has seen at its last tick, corrected by what is resident now. It opens no file,
 * so that a pool of workers does not cost a dozen descriptors each.
 */
export class WorkerReader implements MemoryReader {
  readonly #words: IsolateWords;
  readonly #limit: MemoryLimit;

  constructor(words: IsolateWords, limit: MemoryLimit) {
    this.#words = words;
    this.#limit = limit;
  }

  read(): MemorySample {
    const heap = getHeapStatistics();
    const { rss, external, arrayBuffers } = process.memoryUsage();
    const seen = this.#words.process();
    const limitBytes = seen.limitBytes > 0 ? seen.limitBytes : this.#limit.limitBytes;
    const workingSetBytes = seen.limitBytes > 0 ? seen.workingSetBytes + rss - seen.rssBytes : rss;
    return {
      atMs: Date.now(),
      monotonicMs: performance.now(),
      limitBytes,
      workingSetBytes,
      headroomBytes: limitBytes - workingSetBytes,
      rssBytes: rss,
      anonymousBytes: rss,
      heapUsedBytes: heap.used_heap_size,
      heapCommittedBytes: heap.total_heap_size,
      heapLimitBytes: heap.heap_size_limit,
      externalBytes: external,
      arrayBuffersBytes: arrayBuffers,
      workerHeapBytes: 0,
      // Of the rest of the process nothing is this worker's.
      otherNativeBytes: 0,
      otherProcessesBytes: seen.otherProcessesBytes,
      kernel: noCounters,
    };
  }

  limit(): MemoryLimit {
    return this.#limit;
  }

  [Symbol.dispose](): void {
    // Nothing is open.
  }
}
