import { segmentShift, slotMask } from '../store/entry-segment.ts';
import { countMask, countShift } from '../store/entry-state.ts';
import { type EntryStore, firstSlot } from '../store/entry-store.ts';
import type { KeyMemory } from './key-memory.ts';

/** Counts are halved when the cache was asked this many times its entries. */
const agingPeriod = 10;
const fewestEntries = 8;
const sketchBytesPerStep = 8_192;

/** Halves how often keys were asked for, so that what was popular once does not stay for good: at most a segment of entries at a time. */
export class CountAging {
  readonly #store: EntryStore;
  readonly #memory: KeyMemory;
  #startedAt = 0;
  #dueAt = 0;
  /** Where the halving goes on, 0 between two. */
  #slot = 0;

  constructor(store: EntryStore, memory: KeyMemory) {
    this.#store = store;
    this.#memory = memory;
  }

  /** Does what is due after `requestCount` requests. */
  step(requestCount: number): void {
    if (requestCount < this.#dueAt) return;
    if (this.#slot === 0) {
      this.#dueAt = this.#startedAt + agingPeriod * Math.max(this.#store.count, fewestEntries);
      if (requestCount < this.#dueAt) return;
      this.#startedAt = requestCount;
      this.#slot = firstSlot;
      this.#memory.startAging();
    }
    this.#halveSegment();
  }

  /** Residents round up and the sketch down: without that, halving lets strangers in on loops. */
  #halveSegment(): void {
    const { top, segments } = this.#store;
    const { states } = segments[this.#slot >>> segmentShift];
    const end = Math.min(top, (this.#slot | slotMask) + 1);
    const first = this.#slot & slotMask;
    const last = (end - 1) & slotMask;
    for (let at = first; at <= last; at++) {
      const state = states[at];
      const halved = ((state & countMask) + (1 << countShift)) >>> 1;
      states[at] = (state & ~countMask) | (halved & countMask);
    }
    const isLast = end >= top;
    this.#memory.continueAging(isLast ? Infinity : sketchBytesPerStep);
    this.#slot = isLast ? 0 : end;
  }
}
