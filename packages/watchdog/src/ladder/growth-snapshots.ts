import type { EpisodeMoment } from '../incident/incident-episode.ts';
import { type GrowingSeries, growingSeries } from './danger.ts';
import { usualVigilance, type Vigilance } from './vigilance.ts';

/** Growth seen for less than this is not worth a pause. */
const settledMs = 20_000;
/** A leak that takes longer than this cannot be told from the rise of a day's traffic. */
const farthestMs = 12 * 3_600_000;
/** What grows must have gained this much since the last snapshot, so that the difference between the two stands out. */
const stepRatio = 0.25;
const leastStepBytes = 3 * 1024 * 1024;
/** Below its former height a rise is one of those that end by themselves; the noise of a floor is allowed for. */
const formerHeightRatio = 0.98;

/**
 * When a leak is worth a heap snapshot although it threatens nobody yet. A leak looks the same when it is small, and what differs between two snapshots names the
 * container, so the first is taken once the growth is beyond doubt, and the next ones at steps of it, for as long as they can be afforded.
 */
export class GrowthSnapshots {
  readonly #vigilance: Vigilance;
  #bornMs = Number.NaN;
  #lastBytes: number | undefined;
  #highestBytes = 0;

  constructor(vigilance: Vigilance = usualVigilance) {
    this.#vigilance = vigilance;
  }

  /** The growth that makes one due at this tick: it is a verdict, and a step has been gained since the last snapshot. Whether one can be afforded is for others to say. */
  dueFor(moment: EpisodeMoment): GrowingSeries | undefined {
    const { monotonicMs } = moment.sample;
    if (Number.isNaN(this.#bornMs)) this.#bornMs = monotonicMs;
    const bytes = heldBytes(moment);
    this.#highestBytes = Math.max(this.#highestBytes, bytes);
    if (bytes < this.#highestBytes * formerHeightRatio) return undefined;
    if (monotonicMs - this.#bornMs < this.#vigilance.snapshotAfterMs) return undefined;
    const growing = growingSeries(moment);
    if (growing === undefined || growing.spanMs < settledMs || growing.timeToLimitMs > farthestMs) {
      return undefined;
    }
    return this.isStep(moment) ? growing : undefined;
  }

  /** True when enough has been gained since the last snapshot, or there was none. */
  isStep(moment: EpisodeMoment): boolean {
    const lastBytes = this.#lastBytes;
    return (
      lastBytes === undefined ||
      heldBytes(moment) >= lastBytes + Math.max(leastStepBytes, lastBytes * stepRatio)
    );
  }

  /** Notes that a snapshot was tried: whether it was taken or refused, the next is due a step later. */
  note(moment: EpisodeMoment): void {
    this.#lastBytes = heldBytes(moment);
  }
}

/** What a collection leaves, and what lies beside the heap. */
function heldBytes({ trend }: EpisodeMoment): number {
  return trend.floorBytes + trend.offHeap.bytes;
}
