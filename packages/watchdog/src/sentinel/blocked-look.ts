import {
  type MemoryReader,
  type MemorySample,
  type MemoryTrend,
  oldSpaceLimitBytes,
  openMemoryReader,
  type ResolveMemoryLimitOptions,
} from '@plimsoll/memory';

/** From this share of its limit on a rise of the used heap counts as growth: below it the heap of any busy loop rises and falls. */
const materialRatio = 0.5;

/** What one look in a blocked event loop shows. */
export interface BlockedSight {
  readonly sample: MemorySample;
  readonly trend: MemoryTrend;
}

/**
 * Readings in the middle of blocked code. No timer, no collection listener and no pressure reach the main thread there, so the trend stands where the last tick left it: the floor
 * is no longer known to be flat, and the time to the limit is told by the rise since the last look.
 */
export class BlockedLook implements Disposable {
  /** A reader of its own: the shared one may be in the middle of a reading. */
  readonly #reader: MemoryReader;
  #last: MemorySample | undefined;

  constructor(options: ResolveMemoryLimitOptions) {
    this.#reader = openMemoryReader(options);
  }

  /** Takes what the last tick saw: the next look is measured against it. */
  note(sample: MemorySample): void {
    this.#last = sample;
  }

  /** Reads now; `trend` is that of the last tick. */
  see(trend: MemoryTrend): BlockedSight {
    const sample = this.#reader.read();
    const timeToLimitMs = Math.min(trend.heapFloor.timeToLimitMs, this.#timeToLimitMs(sample));
    this.#last = sample;
    const { verdict } = trend.heapFloor;
    const heapFloor = {
      ...trend.heapFloor,
      verdict: verdict === 'growing' ? verdict : ('unknown' as const),
      timeToLimitMs,
    };
    return { sample, trend: { ...trend, heapFloor } };
  }

  #timeToLimitMs({ monotonicMs, heapUsedBytes, heapLimitBytes }: MemorySample): number {
    const last = this.#last;
    const limitBytes = oldSpaceLimitBytes(heapLimitBytes);
    if (last === undefined || heapUsedBytes < limitBytes * materialRatio) return Number.POSITIVE_INFINITY;
    const grownBytes = heapUsedBytes - last.heapUsedBytes;
    const elapsedMs = monotonicMs - last.monotonicMs;
    if (grownBytes <= 0 || elapsedMs <= 0) return Number.POSITIVE_INFINITY;
    return Math.max(0, ((limitBytes - heapUsedBytes) * elapsedMs) / grownBytes);
  }

  [Symbol.dispose](): void {
    this.#reader[Symbol.dispose]();
  }
}
