import { processWide } from '../registry.ts';

/** A worker isolate whose heap counts in the readings of the main thread. */
export interface WorkerHeap {
  /** Heap pages the isolate has committed. Called at every tick: cheap, no allocation. */
  committedBytes(): number;
}

function workerHeaps(): Set<WorkerHeap> {
  return processWide('worker-heaps', () => new Set<WorkerHeap>());
}

/** Counts the heap of a worker in `MemorySample.workerHeapBytes` until the result is disposed. */
export function registerWorkerHeap(heap: WorkerHeap): Disposable {
  const all = workerHeaps();
  all.add(heap);
  return { [Symbol.dispose]: () => void all.delete(heap) };
}

/** Committed heap of all registered workers. One that throws or answers nonsense counts as 0. */
export function workerHeapBytes(): number {
  let sumBytes = 0;
  for (const heap of workerHeaps()) {
    try {
      const bytes = heap.committedBytes();
      if (bytes > 0 && Number.isFinite(bytes)) sumBytes += bytes;
    } catch {
      // A worker that ended between two ticks must not cost the reading.
    }
  }
  return sumBytes;
}
