import { Eviction } from '../policy/eviction.ts';
import { Jury, type Verdict } from '../policy/jury.ts';
import { evictionRules } from '../policy/rule.ts';
import { type EntrySegment, segmentShift, slotMask } from '../store/entry-segment.ts';
import { afterHit, counterMask, marker, pinned, sampled, timed } from '../store/entry-state.ts';
import { type EntryStore, firstSlot } from '../store/entry-store.ts';
import { KeyIndex } from '../store/key-index.ts';
import type { EntryOrder, ReadClosely } from './entry-order.ts';

const fewestJudged = 8;
const markedPerInsertion = 512;

/** The default order: our own index, and the eviction rule that a jury of shadows finds best for the traffic. */
export class AdaptiveOrder implements EntryOrder {
  readonly #store: EntryStore;
  readonly #segments: readonly EntrySegment[];
  readonly #index: KeyIndex;
  readonly #readClosely: ReadClosely;
  readonly #eviction: Eviction;
  #capacity: number;
  #jury: Jury | undefined;
  misses = 0;
  /** Entries from here to there still have to be marked as sampled or not, after a new jury was called. */
  #unmarked = 0;
  #unmarkedEnd = 0;

  constructor(store: EntryStore, capacity: number, readClosely: ReadClosely) {
    this.#store = store;
    this.#readClosely = readClosely;
    this.#segments = store.segments;
    this.#capacity = capacity;
    this.#index = new KeyIndex(store);
    this.#eviction = new Eviction(store, capacity, evictionRules[0]);
  }

  get ruleName(): string {
    return this.#eviction.rule.name;
  }

  get hits(): number {
    return this.#eviction.hits;
  }

  find(key: unknown): number {
    return this.#index.find(key);
  }

  hashOf(key: unknown): number {
    return this.#store.hash.ofAny(key);
  }

  findHashed(key: unknown, hash: number): number {
    return this.#index.findHashed(key, hash);
  }

  read(key: unknown): unknown {
    const slot = this.#index.find(key);
    if (slot === 0) {
      this.misses++;
      return undefined;
    }
    const eviction = this.#eviction;
    eviction.hits++;
    const segment = this.#segments[slot >>> segmentShift];
    const at = slot & slotMask;
    const state = segment.states[at];
    // What is hit often has both counters full: nothing to write.
    if ((state & counterMask) !== counterMask) segment.states[at] = afterHit(state);
    return (state & eviction.slowMask) === eviction.fastState
      ? segment.pairs[(at << 1) | 1]
      : this.#readSlowly(slot);
  }

  recordHit(slot: number): void {
    this.#eviction.recordHit(slot);
    this.#witness(slot);
  }

  recall(hash: number): number {
    return this.#eviction.recall(hash);
  }

  insert(key: unknown, hash: number, slot: number, flags: number, askedCount: number): void {
    this.#index.insert(key, hash, slot);
    const jury = this.#jury ?? this.#callJury();
    const isSampled = jury !== undefined && jury.isSampled(hash);
    this.#eviction.admit(slot, hash, isSampled ? flags | sampled : flags, askedCount);
    if (jury === undefined) return;
    jury.grantLooks();
    this.#eviction.watchSampled(true);
    if (this.#unmarked < this.#unmarkedEnd) this.#markSample(jury);
    if (isSampled && jury.hasLooks) this.#judge(jury, hash, false);
  }

  remove(slot: number): void {
    this.#index.remove(this.#store.keyOf(slot), this.#store.hashOf(slot), slot);
    this.#eviction.withdraw(slot);
  }

  evictOne(): number {
    const slot = this.#eviction.evictOne();
    if (slot !== 0) this.#index.remove(this.#store.keyOf(slot), this.#eviction.lostHash, slot);
    return slot;
  }

  reweigh(slot: number, addedUnits: number): void {
    if ((this.#store.stateOf(slot) & pinned) === 0) this.#eviction.reweigh(slot, addedUnits);
  }

  setPinned(slot: number, isPinned: boolean): void {
    const state = this.#store.stateOf(slot);
    if (((state & pinned) !== 0) === isPinned) return;
    if (isPinned) {
      this.#eviction.withdraw(slot);
      this.#store.setState(slot, state | pinned);
    } else {
      this.#store.setState(slot, state & ~pinned);
      this.#eviction.reenter(slot);
    }
  }

  rememberRefused(hash: number): void {
    this.#eviction.rememberRefused(hash);
  }

  setCapacity(units: number): void {
    this.#capacity = units;
    this.#eviction.setCapacity(units);
  }

  /** A hit that is more than two counters. */
  #readSlowly(slot: number): unknown {
    const state = this.#store.stateOf(slot);
    this.#eviction.moveOnHit(slot, state);
    this.#witness(slot);
    return (state & (timed | marker)) === 0 ? this.#store.valueOf(slot) : this.#readClosely(slot);
  }

  #witness(slot: number): void {
    const jury = this.#jury;
    if (jury === undefined || (this.#store.stateOf(slot) & sampled) === 0) return;
    if (jury.hasLooks) this.#judge(jury, this.#store.hashOf(slot), true);
    else this.#eviction.watchSampled(false);
  }

  #judge(jury: Jury, hash: number, isHit: boolean): void {
    const verdict: Verdict = jury.observe(hash, isHit);
    if (verdict === 'change') this.#eviction.setRule(jury.leader);
    else if (verdict === 'restart') this.#eviction.restart();
    if (this.#store.count > jury.cacheCount * 2) this.#jury = undefined;
  }

  /** A cache less than half full has nothing to choose; a jury sized for half the entries there are now is dismissed, and the next takes over its finding. */
  #callJury(): Jury | undefined {
    const { count } = this.#store;
    const filledRatio = this.#eviction.units / this.#capacity;
    if (count < fewestJudged || filledRatio < 0.5) return undefined;
    this.#jury = new Jury(Math.round(count / filledRatio), this.#eviction.rule);
    this.#unmarked = firstSlot;
    this.#unmarkedEnd = this.#store.top;
    return this.#jury;
  }

  /** Marks entries that were there before the jury, oldest first, and shows them to it: its shadows must not start emptier than the cache. */
  #markSample(jury: Jury): void {
    const end = Math.min(this.#unmarkedEnd, this.#unmarked + markedPerInsertion);
    for (let slot = this.#unmarked; slot < end; slot++) {
      const state = this.#store.stateOf(slot) & ~sampled;
      if (state === 0) continue;
      const hash = this.#store.hashOf(slot);
      const isSampled = jury.isSampled(hash);
      this.#store.setState(slot, isSampled ? state | sampled : state);
      if (isSampled) jury.introduce(hash);
    }
    this.#unmarked = end;
  }
}
