import type { SnapshotResult } from '@plimsoll/inspect';
import type { MemorySample } from '@plimsoll/memory';

/** Of what a snapshot has left in malloc, how much the next one finds again: the rest lies in pieces. Measured: a second snapshot of a like heap adds 0 to 26 MB to 220. */
const foundAgainRatio = 0.8;

/**
 * What snapshots have left resident, which malloc has and nobody uses: the next snapshot uses it first. It counts as memory of the process meanwhile, as it does for the
 * kernel; Buffers and libraries that have moved into it since are seen by what is left of it.
 */
export class CaptureResidue {
  #bytes = 0;
  #nativeBeforeBytes = 0;

  /** Notes what a snapshot has left; `before` was read before it. */
  note({ residentBeforeBytes, residentAfterBytes }: SnapshotResult, before: MemorySample): void {
    if (this.#bytes === 0) this.#nativeBeforeBytes = before.otherNativeBytes;
    const leftBytes = Math.max(0, residentAfterBytes - residentBeforeBytes);
    this.#bytes = this.reusableBytes(before) + leftBytes;
  }

  /** Bytes that another snapshot takes from what the last ones have left, before it takes any from the container. */
  reusableBytes(sample: MemorySample): number {
    const stillNativeBytes = Math.max(0, sample.otherNativeBytes - this.#nativeBeforeBytes);
    return Math.round(Math.min(this.#bytes, stillNativeBytes) * foundAgainRatio);
  }
}
