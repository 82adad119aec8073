/** What the rule looks at each tick. */
export interface ArmingObservation {
  readonly monotonicMs: number;
  readonly heapUsedBytes: number;
  /** What old space may grow to; V8's `heap_size_limit` counts the young generation as well, which a leak does not fill. */
  readonly heapLimitBytes: number;
  /** The largest array or table of the heap, at most: when it is full it is copied into one of up to twice its size, and both must fit. */
  readonly largestObjectBytes: number;
  /** What the container has left. */
  readonly headroomBytes: number;
  /** Heap left after the last major collection. */
  readonly floorBytes: number;
  /** Where the floor is going. */
  readonly floorVerdict: 'unknown' | 'flat' | 'growing';
  /** Infinity when nothing grows. */
  readonly timeToLimitMs: number;
}

/** When the hook is armed and disarmed. Ratios are of V8's heap limit. */
export interface ArmingThresholds {
  /** Floor from which a growing heap arms. @default 0.75 */
  readonly floorRatio: number;
  /** Used heap from which a heap that is not known to be flat arms. @default 0.85 */
  readonly usedRatio: number;
  /** Predicted time to the limit below which it arms. @default 10000 */
  readonly timeToLimitMs: number;
  /** Used heap below which the danger has passed. @default 0.6 */
  readonly safeRatio: number;
  /** How long it must have passed before the hook is disarmed. @default 60000 */
  readonly safeMs: number;
  /** Least time between two armings: each stops the service for 15–300 ms. @default 60000 */
  readonly leastBetweenMs: number;
}

/** The defaults of {@link ArmingThresholds}: a leak of 50 MB/s needs the 25 % above the floor ratio to be seen twice at 100 ms. */
export const armingDefaults: ArmingThresholds = Object.freeze({
  floorRatio: 0.75,
  usedRatio: 0.85,
  timeToLimitMs: 10_000,
  safeRatio: 0.6,
  safeMs: 60_000,
  leastBetweenMs: 60_000,
});

/** What the last words themselves take of the container, at least. */
const EVIDENCE_BYTES = 8 * 2 ** 20;

/** What the rule asks for, and why. `refuse`: it would be time, but armed the death would be a worse one. */
export interface ArmingWish {
  readonly action: 'arm' | 'disarm' | 'refuse' | 'stay';
  readonly reason: string;
}

const STAY: ArmingWish = { action: 'stay', reason: '' };
const NO_ROOM = 'a table that doubles at the limit would be let grow beyond the container.';

/**
 * Decides when the near-limit hook is armed and disarmed. A healthy heap that is merely full is not armed: a flat floor says that it was as full before. Nor is one whose largest
 * table would not fit into the container once more: armed, V8 grants it before it pauses, and the kernel would end what V8 ends by itself.
 */
export class ArmingRule {
  readonly #thresholds: ArmingThresholds;
  #armedAtMs = Number.NEGATIVE_INFINITY;
  #safeSinceMs: number | undefined;

  constructor(thresholds: ArmingThresholds = armingDefaults) {
    this.#thresholds = thresholds;
  }

  /** What to do at this tick. `isArmed` is what came of the last wish. Never throws. */
  observe(observation: ArmingObservation, isArmed: boolean): ArmingWish {
    if (isArmed)
      return fits(observation) ? this.#whileArmed(observation) : { action: 'disarm', reason: NO_ROOM };
    const wish = this.#whileDisarmed(observation);
    if (wish.action !== 'arm') return wish;
    if (!fits(observation)) return { action: 'refuse', reason: NO_ROOM };
    this.#armedAtMs = observation.monotonicMs;
    return wish;
  }

  #whileDisarmed(now: ArmingObservation): ArmingWish {
    const { floorRatio, usedRatio, timeToLimitMs, leastBetweenMs } = this.#thresholds;
    this.#safeSinceMs = undefined;
    if (now.monotonicMs - this.#armedAtMs < leastBetweenMs || !(now.heapLimitBytes > 0)) return STAY;
    const usedShare = now.heapUsedBytes / now.heapLimitBytes;
    const floorShare = now.floorBytes / now.heapLimitBytes;
    if (now.floorVerdict !== 'flat' && now.timeToLimitMs < timeToLimitMs)
      return { action: 'arm', reason: `${Math.round(now.timeToLimitMs)} ms to the heap limit` };
    if (now.floorVerdict === 'growing' && floorShare >= floorRatio)
      return { action: 'arm', reason: `growing, ${percent(floorShare)} of the heap limit after collection` };
    if (now.floorVerdict !== 'flat' && usedShare >= usedRatio)
      return { action: 'arm', reason: `${percent(usedShare)} of the heap limit used` };
    // Most deaths of a large Map come like this, at 60–80 % of the limit: the table doubles, and there is no room for both.
    if (now.floorVerdict !== 'flat' && now.heapUsedBytes + 2 * now.largestObjectBytes >= now.heapLimitBytes)
      return {
        action: 'arm',
        reason: `at ${percent(usedShare)} of the heap limit the largest table cannot double`,
      };
    return STAY;
  }

  #whileArmed(now: ArmingObservation): ArmingWish {
    const { safeRatio, safeMs } = this.#thresholds;
    const isLow =
      now.heapUsedBytes < safeRatio * now.heapLimitBytes &&
      now.heapUsedBytes + 2 * now.largestObjectBytes < now.heapLimitBytes;
    if (!isLow && now.floorVerdict !== 'flat') {
      this.#safeSinceMs = undefined;
      return STAY;
    }
    this.#safeSinceMs ??= now.monotonicMs;
    if (now.monotonicMs - this.#safeSinceMs < safeMs) return STAY;
    const why = isLow ? `below ${percent(safeRatio)} of the heap limit` : 'the heap is flat';
    return { action: 'disarm', reason: `${why} for ${Math.round(safeMs / 1000)} s` };
  }
}

/** True where the container holds the largest table a second time, at up to twice its size, and the last words. */
function fits({ headroomBytes, largestObjectBytes }: ArmingObservation): boolean {
  return headroomBytes >= 2 * largestObjectBytes + (largestObjectBytes > 0 ? EVIDENCE_BYTES : 0);
}

function percent(ratio: number): string {
  return `${Math.round(ratio * 100)} %`;
}
