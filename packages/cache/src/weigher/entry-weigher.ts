import { deadlineBytes, entryOverheadBytes } from '../cache-options.ts';
import type { CacheCounters } from '../cache-stats.ts';
import { type Weigher, weighKey, weighValue } from './structural-weigher.ts';

/** A cache bounded by count weighs one new value in this many, to know about how many bytes it holds; more of the first ones. */
const weighedEvery = 128;
const weighedEveryAtFirst = 16;
const firstAdmissions = 2_048;
/** How slowly the mean follows: one over this. */
const meanOver = 32;

/** Weighs entries with the application's weigher, or the built-in one where that fails; or takes samples for a mean where the bound is a count. */
export class EntryWeigher<K, V> {
  readonly #weigher: Weigher<K, V> | undefined;
  readonly #counters: CacheCounters;
  #meanBytes = 0;

  constructor(weigher: Weigher<K, V> | undefined, counters: CacheCounters) {
    this.#weigher = weigher;
    this.#counters = counters;
  }

  /** Bytes of an entry. `givenBytes` is what the caller says that value and key weigh; a marker is not for the application's weigher. */
  weigh(key: K, value: unknown, givenBytes: number | undefined, isTimed: boolean, isMarker: boolean): number {
    const overheadBytes = isTimed ? entryOverheadBytes + deadlineBytes : entryOverheadBytes;
    let bytes = givenBytes;
    if (bytes === undefined && this.#weigher !== undefined && !isMarker) {
      try {
        bytes = this.#weigher(value as V, key);
      } catch {
        // Counted just below: an application's weigher must not make its writes fail.
        bytes = Number.NaN;
      }
    }
    if (bytes !== undefined) {
      if (bytes >= 0) return bytes + overheadBytes;
      this.#counters.weigherFaults++;
    }
    return weighValue(value) + weighKey(key) + overheadBytes;
  }

  /** Weighs the entry that was admitted just now if its turn has come. */
  sample(key: K, value: unknown): void {
    const { admissions } = this.#counters;
    if (admissions % (admissions < firstAdmissions ? weighedEveryAtFirst : weighedEvery) !== 1) return;
    const bytes = weighValue(value) + weighKey(key);
    this.#meanBytes = admissions === 1 ? bytes : this.#meanBytes + (bytes - this.#meanBytes) / meanOver;
  }

  /** About how many bytes that many entries keep alive, by the samples. */
  estimateBytes(entryCount: number): number {
    return Math.round(entryCount * (entryOverheadBytes + this.#meanBytes));
  }
}
