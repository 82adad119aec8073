/** What V8 adds to what is live when its debugger is disabled after a heap limit was met. @see `Heap::RestoreHeapLimit` in V8's src/heap/heap.cc */
const STEP_RATIO = 1.25;

/** What old space becomes at most while V8's debugger is enabled. @see `HeapLimitForDebugging` in V8's src/inspector/v8-debugger.cc */
const MOST_RATIO = 4;

/** What {@link nextHeapLimitBytes} is told. */
export interface GrowthStepTerms {
  readonly heapUsedBytes: number;
  /** Old space as the process was started. */
  readonly firstOldSpaceBytes: number;
  /** What V8's `heap_size_limit` counts beside old space: three semi-spaces. */
  readonly youngBytes: number;
}

/**
 * V8's heap limit after one step of growth: what is used and a quarter. undefined where that would be four times the first old space or more: V8 grows no further and
 * does not pause there again, so that the heap must end here to end with its last words.
 */
export function nextHeapLimitBytes(terms: GrowthStepTerms): number | undefined {
  const { heapUsedBytes, firstOldSpaceBytes, youngBytes } = terms;
  const oldSpaceBytes = Math.ceil(heapUsedBytes * STEP_RATIO);
  return oldSpaceBytes < MOST_RATIO * firstOldSpaceBytes ? oldSpaceBytes + youngBytes : undefined;
}
