import { type EntrySegment, segmentShift, slotMask } from '../store/entry-segment.ts';
import { inMain } from '../store/entry-state.ts';

/** Where new entries wait: the slot that is its end. */
export const small = 0;
/** Where entries that were asked for again are kept: the slot that is its end. */
export const main = 1;

/**
 * Two queues over the entries of a store, as rings through their links: slot 0 is the end of the small one, slot 1 of the main one. An entry knows by a bit of
 * its state in which it stands. What stands in each is counted in units: bytes, or entries when they have no weights.
 */
export class EntryQueues {
  readonly #segments: readonly EntrySegment[];
  smallUnits = 0;
  mainUnits = 0;

  constructor(segments: readonly EntrySegment[]) {
    this.#segments = segments;
    segments[0].links.set([small, small, main, main]);
  }

  /** The entry that has stood there longest; the queue's own end when it is empty. */
  tailOf(queue: number): number {
    return this.#segments[0].links[queue << 1];
  }

  /** The entry that came last; the queue's own end when it is empty. */
  headOf(queue: number): number {
    return this.#segments[0].links[(queue << 1) | 1];
  }

  /** Puts an entry that stands nowhere at the head of `queue`, behind all others; `state` is its state but for the queue's bit. */
  push(slot: number, state: number, queue: number): void {
    this.#place(slot, state, queue, queue, this.headOf(queue));
  }

  /** Puts an entry that stands nowhere at the tail of `queue`, before all others. */
  pushTail(slot: number, state: number, queue: number): void {
    this.#place(slot, state, queue, this.tailOf(queue), queue);
  }

  /** Takes an entry out of its queue. */
  withdraw(slot: number): void {
    const segments = this.#segments;
    const segment = segments[slot >>> segmentShift];
    const at = slot & slotMask;
    const units = segment.weights === undefined ? 1 : segment.weights[at];
    if ((segment.states[at] & inMain) === 0) this.smallUnits -= units;
    else this.mainUnits -= units;
    const { links } = segment;
    const newer = links[at << 1];
    const older = links[(at << 1) | 1];
    segments[newer >>> segmentShift].links[((newer & slotMask) << 1) | 1] = older;
    segments[older >>> segmentShift].links[(older & slotMask) << 1] = newer;
  }

  #place(slot: number, state: number, queue: number, newer: number, older: number): void {
    const segments = this.#segments;
    const segment = segments[slot >>> segmentShift];
    const at = slot & slotMask;
    const units = segment.weights === undefined ? 1 : segment.weights[at];
    if (queue === main) {
      segment.states[at] = state | inMain;
      this.mainUnits += units;
    } else {
      segment.states[at] = state & ~inMain;
      this.smallUnits += units;
    }
    const { links } = segment;
    links[at << 1] = newer;
    links[(at << 1) | 1] = older;
    segments[newer >>> segmentShift].links[((newer & slotMask) << 1) | 1] = slot;
    segments[older >>> segmentShift].links[(older & slotMask) << 1] = slot;
  }
}
