/** `growing`: shown with 95 % confidence, by enough bytes to matter, and not slowing down. `flat`: nothing of that. `unknown`: too little seen, or too much noise. */
export type TrendVerdict = 'unknown' | 'flat' | 'growing';

/** Which of the three series a number belongs to. */
export type TrendSeries = 'heap-floor' | 'working-set' | 'off-heap';

/** Where one series is going. */
export interface SeriesTrend {
  readonly series: TrendSeries;
  /** The last value of the series: the heap after its last major collection, the working set, the working set beside the heap. */
  readonly bytes: number;
  readonly slopeBytesPerSecond: number;
  /** Lower bound of the slope at 95 % confidence; −Infinity while there are too few points. */
  readonly slopeLowBytesPerSecond: number;
  /** Upper bound of the slope at 95 % confidence; Infinity while there are too few points. */
  readonly slopeHighBytesPerSecond: number;
  /** Milliseconds until the series meets its limit when it goes on like this; Infinity unless it is growing. */
  readonly timeToLimitMs: number;
  readonly verdict: TrendVerdict;
  /** Points the slope was made from, and the time they span. */
  readonly pointCount: number;
  readonly spanMs: number;
  /** When the newest of them was, on the monotonic clock of the samples; −Infinity while there is none. */
  readonly lastPointMs: number;
}

/** Where memory is going. The slope, bounds, time and verdict are those of the series that meets its limit first. */
export interface MemoryTrend extends SeriesTrend {
  /** Heap in use after the last major collection; before the first one the smallest heap seen. */
  readonly floorBytes: number;
  /** Major collections of the main isolate since the monitor started. */
  readonly majorCollectionCount: number;
  /** The heap after each major collection, against what V8 lets the old generation grow to. */
  readonly heapFloor: SeriesTrend;
  /** The working set, against the limit. It grows while V8 merely takes the heap it may have: no verdict of a leak by itself. */
  readonly workingSet: SeriesTrend;
  /** The working set − the committed heap: Buffers, native libraries, other processes. */
  readonly offHeap: SeriesTrend;
}
