import { journal } from '@plimsoll/memory';
import type { Caution } from '../ladder/vigilance.ts';

/** So long after the start a run that was written to a moment before it has been silent for long enough. */
const afterMs = 17_000;

/**
 * The second look at the runs before this one. A container that is made anew counts its pids in a namespace of its own, so that only silence tells that the one before it is
 * dead; it starts again within a second or two, and a replica of the same name may live beside it.
 */
export class LateLook {
  readonly #look: () => Caution;
  #dueAtMs = performance.now() + afterMs;

  constructor(look: () => Caution) {
    this.#look = look;
  }

  /** What the look has shown, once; undefined before and after. Never throws. */
  tick(monotonicMs: number): Caution | undefined {
    if (monotonicMs < this.#dueAtMs) return undefined;
    this.#dueAtMs = Number.POSITIVE_INFINITY;
    try {
      return this.#look();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      journal().write('guard', 'dead-runs-unread', { reason });
      return undefined;
    }
  }
}
