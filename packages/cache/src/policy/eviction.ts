import {
  afterHit,
  countMask,
  countShift,
  inMain,
  looksCloser,
  pinned,
  sampled,
  visitMask,
} from '../store/entry-state.ts';
import { segmentShift, slotMask } from '../store/entry-segment.ts';
import type { EntryStore } from '../store/entry-store.ts';
import { CountAging } from './count-aging.ts';
import { EntryQueues, main, small } from './entry-queues.ts';
import { highestCount } from './frequency-sketch.ts';
import { KeyMemory } from './key-memory.ts';
import type { EvictionRule } from './rule.ts';

/** Entries one eviction may pass over; beyond, it takes what it has. */
const longestWalk = 64;
const drainedPerEviction = 8;
const settledPerAdmission = 4;

/**
 * Picks the entries to lose. All rules share the queues, the memory and the counts, so that the leading rule can change at any moment without touching an
 * entry: a *small* queue where new entries wait, and a *main* queue. A hit that needs no move changes two bytes.
 *
 * One operation passes over at most 64 entries, whatever the queues look like.
 */
export class Eviction {
  readonly #store: EntryStore;
  readonly #queues: EntryQueues;
  readonly #memory = new KeyMemory();
  readonly #aging: CountAging;
  #rule: EvictionRule;
  /** The bound in units: bytes, or entries when they have no weights. */
  #capacity: number;
  /** What the small queue may hold under this rule and bound. */
  #smallTarget = 1;
  #isDraining = false;
  #isWatched = true;
  #admissions = 0;
  /** A hit is settled by its counters alone when `state & slowMask` equals `fastState`. */
  fastState = 0;
  slowMask = 0;
  /** Hits so far, counted by whoever finds them. */
  hits = 0;
  /** Hash of the entry that {@link evictOne} picked last. */
  lostHash = 0;

  constructor(store: EntryStore, capacity: number, rule: EvictionRule) {
    this.#store = store;
    this.#queues = new EntryQueues(store.segments);
    this.#aging = new CountAging(store, this.#memory);
    this.#capacity = capacity;
    this.#rule = rule;
    this.#followRule();
  }

  /** The rule that picks victims now. */
  get rule(): EvictionRule {
    return this.#rule;
  }

  /** Units in both queues. */
  get units(): number {
    return this.#queues.smallUnits + this.#queues.mainUnits;
  }

  /** Changes the bound the rules measure the small queue against. */
  setCapacity(capacity: number): void {
    if (capacity === this.#capacity) return;
    this.#capacity = capacity;
    this.#setSmallTarget();
  }

  /** Says whether a hit of a sampled key needs to be seen, or is settled by its counters as any other. */
  watchSampled(isWatched: boolean): void {
    if (isWatched === this.#isWatched) return;
    this.#isWatched = isWatched;
    this.#followRule();
  }

  /** Lets another rule pick the victims. */
  setRule(rule: EvictionRule): void {
    if (rule === this.#rule) return;
    this.#rule = rule;
    this.#followRule();
    this.restart();
  }

  /**
   * Lets the main queue flow back into the small one, a few entries at a time, and forgets what was evicted: what a queue rule does depends on how its queues
   * were filled, and another rule's filling can hold it in a state it would never have come to.
   */
  restart(): void {
    this.#memory.forgetEvicted();
    this.#isDraining = this.#rule.kind !== 'frequency' && this.#queues.mainUnits > 0;
  }

  /** Counts a hit. */
  recordHit(slot: number): void {
    this.hits++;
    const { states } = this.#store.segments[slot >>> segmentShift];
    const at = slot & slotMask;
    const state = afterHit(states[at]);
    states[at] = state;
    if ((state & this.slowMask) !== this.fastState) this.moveOnHit(slot, state);
  }

  /** What a hit is beside its counters, where `state & slowMask` is not `fastState`. */
  moveOnHit(slot: number, state: number): void {
    if ((state & pinned) !== 0) return;
    if (this.#rule.kind === 'recency') this.#move(slot, state & ~visitMask, small);
    else if (this.#rule.kind === 'frequency' && (state & inMain) === 0) this.#move(slot, state, small);
  }

  /** How often a key that is not here was asked for, to be handed to {@link admit}: the wait for memory overlaps with what is done in between. */
  recall(hash: number): number {
    return this.#memory.countOf(hash);
  }

  /** Takes a new entry, asked for `askedCount` times before, into the queues. */
  admit(slot: number, hash: number, flags: number, askedCount: number): void {
    const count = askedCount < highestCount ? askedCount + 1 : highestCount;
    const state = (count << countShift) | flags;
    if ((flags & pinned) !== 0) {
      this.#store.setState(slot, state);
      return;
    }
    const isKnown = this.#rule.kind === 'queue' && this.#memory.takeEvicted(hash);
    this.#queues.push(slot, state, isKnown ? main : small);
    this.#memory.rememberAdmitted(hash, count);
    if (this.#rule.kind === 'frequency' && this.#queues.smallUnits > this.#smallTarget) this.#settle();
    this.#aging.step(this.hits + ++this.#admissions);
  }

  /** Takes an entry out of the queues. */
  withdraw(slot: number): void {
    if ((this.#store.stateOf(slot) & pinned) === 0) this.#queues.withdraw(slot);
  }

  /** Puts an entry that was withdrawn, and is no longer pinned, back. */
  reenter(slot: number): void {
    this.#queues.push(slot, this.#store.stateOf(slot), small);
  }

  /** Remembers a request for a key that was not let in, so that the next one finds it known. */
  rememberRefused(hash: number): void {
    this.#memory.prepare(this.#store.count);
    this.#memory.rememberAdmitted(hash, 1);
  }

  /** Changes the units of a queued entry. */
  reweigh(slot: number, addedUnits: number): void {
    if ((this.#store.stateOf(slot) & inMain) !== 0) this.#queues.mainUnits += addedUnits;
    else this.#queues.smallUnits += addedUnits;
  }

  /** Picks an entry to lose, takes it out of the queues and remembers it; 0 when there is none. */
  evictOne(): number {
    this.#memory.prepare(this.#store.count);
    const slot = this.#isDraining ? this.#pickWhileDraining() : this.#pick();
    if (slot <= main) return 0;
    const state = this.#store.stateOf(slot);
    const hash = this.#store.hashOf(slot);
    this.#queues.withdraw(slot);
    this.#memory.rememberLeft(hash, countOf(state));
    // What left the main queue is not remembered: it had its chance.
    if (this.#rule.kind === 'queue' && (state & inMain) === 0) this.#memory.rememberEvicted(hash);
    this.lostHash = hash;
    return slot;
  }

  #pick(): number {
    if (this.#rule.kind === 'frequency') return this.#pickByFrequency();
    if (this.#rule.kind === 'queue') return this.#pickByQueue();
    if (this.#queues.smallUnits === 0) return this.#queues.tailOf(main);
    return this.#walk(small, small, 1);
  }

  #pickByQueue(): number {
    const queues = this.#queues;
    let slot = 0;
    for (let step = 0; step < longestWalk; step++) {
      if (queues.mainUnits === 0 || queues.smallUnits >= this.#smallTarget) {
        slot = queues.tailOf(small);
        if (slot > main) {
          const state = this.#store.stateOf(slot);
          if ((state & visitMask) < this.#rule.promoteHits) return slot;
          this.#move(slot, state & ~visitMask, main);
          continue;
        }
      }
      slot = queues.tailOf(main);
      if (slot <= main) return queues.tailOf(small);
      const state = this.#store.stateOf(slot);
      if ((state & visitMask) === 0) return slot;
      this.#move(slot, state - 1, main);
    }
    return slot;
  }

  #pickByFrequency(): number {
    const queues = this.#queues;
    if (queues.smallUnits < this.#smallTarget && queues.mainUnits > 0) return this.#mainVictim();
    for (let step = 0; step < longestWalk; step++) {
      const candidate = queues.tailOf(small);
      if (candidate <= main) return this.#mainVictim();
      const state = this.#store.stateOf(candidate);
      const mainRoom = this.#capacity - this.#smallTarget - queues.mainUnits;
      if (mainRoom >= this.#store.weightOf(candidate)) {
        this.#move(candidate, state & ~visitMask, main);
        continue;
      }
      const victim = this.#mainVictim();
      if (victim <= main || countOf(state) <= countOf(this.#store.stateOf(victim))) return candidate;
      this.#move(candidate, state & ~visitMask, main);
      return victim;
    }
    return queues.tailOf(small);
  }

  #mainVictim(): number {
    return this.#walk(main, main, 1, 1);
  }

  /** The first entry from the tail of `queue` with fewer than `hits` hits; those passed over go to the head of `home`, less `forgiven` hits (all by default). */
  #walk(queue: number, home: number, hits: number, forgiven: number = visitMask): number {
    const queues = this.#queues;
    let slot = queues.tailOf(queue);
    for (let step = 0; step < longestWalk && slot > main; step++) {
      const state = this.#store.stateOf(slot);
      const visits = state & visitMask;
      if (visits < hits) return slot;
      this.#move(slot, state - Math.min(visits, forgiven), home);
      slot = queues.tailOf(queue);
    }
    return slot > main ? slot : queues.tailOf(home);
  }

  /** Under the frequency rule the main queue fills first, as entries come, so that no eviction has to move them all. */
  #settle(): void {
    const queues = this.#queues;
    for (let step = 0; step < settledPerAdmission && queues.smallUnits > this.#smallTarget; step++) {
      const slot = queues.tailOf(small);
      if (slot <= main) return;
      if (queues.mainUnits + this.#store.weightOf(slot) > this.#capacity - this.#smallTarget) return;
      this.#move(slot, this.#store.stateOf(slot) & ~visitMask, main);
    }
  }

  #pickWhileDraining(): number {
    const queues = this.#queues;
    for (let step = 0; step < drainedPerEviction; step++) {
      const head = queues.headOf(main);
      if (head === main) break;
      queues.withdraw(head);
      queues.pushTail(head, this.#store.stateOf(head), small);
    }
    this.#isDraining = queues.headOf(main) !== main;
    return this.#isDraining ? this.#walk(main, small, this.#rule.promoteHits) : this.#pick();
  }

  #move(slot: number, state: number, queue: number): void {
    this.#queues.withdraw(slot);
    this.#queues.push(slot, state, queue);
  }

  #followRule(): void {
    const { kind } = this.#rule;
    // Recency moves every entry that is hit, frequency those that wait in the small queue.
    const mask = this.#isWatched ? looksCloser : looksCloser & ~sampled;
    this.slowMask = kind === 'recency' ? 0 : kind === 'frequency' ? mask | inMain : mask;
    this.fastState = kind === 'recency' ? 1 : kind === 'frequency' ? inMain : 0;
    this.#setSmallTarget();
  }

  #setSmallTarget(): void {
    this.#smallTarget = Math.max(1, Math.round(this.#capacity * this.#rule.smallRatio));
  }
}

function countOf(state: number): number {
  return (state & countMask) >>> countShift;
}
