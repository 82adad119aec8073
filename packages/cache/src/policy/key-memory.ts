import { FrequencySketch } from './frequency-sketch.ts';
import { GhostList } from './ghost-list.ts';

const fewestKeys = 4;
/** Evicted keys that are remembered, as a share of the entries. */
const ghostRatio = 0.9;

/**
 * What is remembered of keys that are not in the cache: how often they were asked for, and, for the rules that ask, which were evicted lately. Made at the first
 * eviction for as many entries as there are, and again when there are twice as many.
 */
export class KeyMemory {
  #sketch: FrequencySketch | undefined;
  #ghosts: GhostList | undefined;
  #keyCount = 0;
  /** Entries that may have come before the sketch, which knows nothing of them. */
  #unknownCount = 0;

  /** Makes room for what a cache of `entryCount` entries has to remember. */
  prepare(entryCount: number): void {
    if (this.#sketch !== undefined && entryCount <= this.#keyCount * 2) return;
    this.#keyCount = Math.max(entryCount, fewestKeys);
    this.#sketch = new FrequencySketch(this.#keyCount);
    this.#unknownCount = entryCount;
    this.#ghosts = undefined;
  }

  /** How often the key was asked for. */
  countOf(hash: number): number {
    return this.#sketch === undefined ? 0 : this.#sketch.estimate(hash);
  }

  /** Remembers how often a key that comes in, or was not let in, was asked for: its counters were read just now, and most keys are never asked for again. */
  rememberAdmitted(hash: number, count: number): void {
    this.#sketch?.remember(hash, count);
  }

  /** Remembers how often a key that leaves was asked for; what was asked for once the sketch has known since it came. */
  rememberLeft(hash: number, count: number): void {
    if (this.#unknownCount > 0) this.#unknownCount--;
    else if (count <= 1) return;
    this.#sketch?.remember(hash, count);
  }

  /** Remembers that a key was evicted. */
  rememberEvicted(hash: number): void {
    this.#ghosts ??= new GhostList(this.#keyCount * ghostRatio);
    this.#ghosts.add(hash);
  }

  /** True when the key was evicted lately; it is forgotten by being asked for. */
  takeEvicted(hash: number): boolean {
    return this.#ghosts !== undefined && this.#ghosts.take(hash);
  }

  /** Forgets which keys were evicted, not how often they were asked for. */
  forgetEvicted(): void {
    this.#ghosts = undefined;
  }

  /** Starts halving all counts; {@link continueAging} does the work. */
  startAging(): void {
    this.#sketch?.startAging();
  }

  continueAging(byteCount: number): void {
    this.#sketch?.continueAging(byteCount);
  }
}
