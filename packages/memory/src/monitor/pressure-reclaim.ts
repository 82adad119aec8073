import { enforceHolderBudget, heldBytes, reclaim } from '../reclaim/holder-registry.ts';
import type { PressureLevel } from '../pressure/level.ts';

/** What was given back shows only after a major collection: until one was seen, or this long, the holders are not asked again. */
const PATIENCE_MS: Readonly<Record<PressureLevel, number>> = {
  normal: 0,
  elevated: 30_000,
  critical: 5_000,
  terminal: 0,
};

/** Asks the holders for what the level says is too much, and waits for a collection to show the effect before it asks again: without that one peak empties every cache. */
export class PressureReclaim {
  #askedAtMs = Number.NEGATIVE_INFINITY;
  #askedCollectionCount = -1;

  /** Never throws. */
  tick(atMs: number, level: PressureLevel, excessBytes: number, collectionCount: number): void {
    enforceHolderBudget();
    if (level === 'normal' || !(excessBytes > 0)) return;
    const isShown = collectionCount > this.#askedCollectionCount;
    if (!isShown && atMs - this.#askedAtMs < PATIENCE_MS[level]) return;
    if (heldBytes() === 0) return;
    this.#askedAtMs = atMs;
    this.#askedCollectionCount = collectionCount;
    reclaim(excessBytes, level);
  }
}
