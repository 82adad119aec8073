import type { ResolvedCacheOptions } from '../cache-options.ts';
import { CapacityGovernor } from './capacity-governor.ts';
import { sharedBoundBytes } from './shared-bound.ts';

/** The part of a cache's options that bounds it. */
type Bound = Pick<ResolvedCacheOptions<unknown, unknown>, 'maxBytes' | 'maxCount' | 'shareRatio'>;

/** How much a cache may hold: its bound, in bytes or entries, less what pressure takes from it. */
export class CacheCapacity {
  readonly #bound: Bound;
  readonly #governor = new CapacityGovernor();
  #boundUnits: number;
  /** Units the cache may hold now: bytes, or entries when it is bounded by count alone. */
  units: number;
  /** Entries it may hold now. */
  count: number;

  constructor(bound: Bound) {
    this.#bound = bound;
    this.#boundUnits = this.#readBound();
    this.units = this.#boundUnits;
    this.count = bound.maxCount;
  }

  /** True when the bound is in bytes. */
  get isWeighted(): boolean {
    return this.#bound.maxBytes !== undefined || this.#bound.shareRatio !== undefined;
  }

  /** True while nothing is scarce: the one check of the normal path. */
  isAtRest(): boolean {
    return this.#governor.isAtRest;
  }

  /** True while only keys that were asked for before are let in. */
  isStrict(): boolean {
    return this.#governor.isStrict;
  }

  /** True when so much would fit if it were not for pressure. */
  fitsBound(units: number, count: number): boolean {
    return units <= this.#boundUnits && count < this.#bound.maxCount;
  }

  /** Brings bound and share up to date. */
  update(usedUnits: number, usedCount: number, nowMs: number): void {
    this.#boundUnits = this.#readBound();
    this.#governor.update(this.#usedRatio(usedUnits, usedCount), nowMs);
    this.#apply();
  }

  /** After a reclaim: what is left is the bound for now. */
  shrinkTo(usedUnits: number, usedCount: number, nowMs: number): void {
    this.#governor.shrinkTo(this.#usedRatio(usedUnits, usedCount), nowMs);
    this.#apply();
  }

  #apply(): void {
    const { ratio } = this.#governor;
    const { maxCount } = this.#bound;
    this.units = Math.max(1, Math.floor(this.#boundUnits * ratio));
    this.count = maxCount === Infinity ? Infinity : Math.max(1, Math.floor(maxCount * ratio));
  }

  #usedRatio(usedUnits: number, usedCount: number): number {
    const { maxCount } = this.#bound;
    return Math.max(usedUnits / this.#boundUnits, maxCount === Infinity ? 0 : usedCount / maxCount);
  }

  #readBound(): number {
    const { maxBytes, maxCount, shareRatio } = this.#bound;
    return shareRatio === undefined ? (maxBytes ?? maxCount) : sharedBoundBytes(shareRatio);
  }
}
