import { Eviction } from '../policy/eviction.ts';
import { Jury, type Verdict } from '../policy/jury.ts';
import { evictionRules } from '../policy/rule.ts';
import { marker, pinned, sampled, timed } from '../store/entry-state.ts';
import { type EntryStore, firstSlot } from '../store/entry-store.ts';
import { KeyIndex } from '../store/key-index.ts';
import type { EntryOrder } from './entry-order.ts';

const fewestJudged = 8;
const markedPerInsertion = 4_096;

/** The default order: our own index, and the eviction rule that a jury of shadows finds best for the traffic. */
export class AdaptiveOrder implements EntryOrder {
  readonly #store: EntryStore;
  readonly #index: KeyIndex;
  readonly #eviction: Eviction;
  #capacity: number;
  #jury: Jury | undefined;
  /** Entries up to here still have to be marked as sampled or not, after a new jury was called. */
  #unmarked = 0;
  /** The entry evicted last, whose hash is still at hand. */
  #victim = 0;

  constructor(store: EntryStore, capacity: number) {
    this.#store = store;
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

  recordHit(slot: number): boolean {
    if (!this.#eviction.recordHit(slot)) return false;
    const state = this.#store.stateOf(slot);
    if ((state & sampled) !== 0) this.#judge(this.#store.hashOf(slot), true);
    return (state & (timed | marker)) !== 0;
  }

  insert(key: unknown, hash: number, slot: number, flags: number): void {
    this.#index.insert(key, hash, slot);
    const jury = this.#jury ?? this.#callJury();
    const isSampled = jury !== undefined && jury.isSampled(hash);
    this.#eviction.admit(slot, hash, isSampled ? flags | sampled : flags);
    if (jury === undefined) return;
    jury.grantLooks();
    if (this.#unmarked > 0) this.#markSample(jury);
    if (isSampled) this.#judge(hash, false);
  }

  remove(slot: number): void {
    const key = this.#store.keyOf(slot);
    if (slot === this.#victim) {
      this.#victim = 0;
      this.#index.remove(key, this.#eviction.lostHash, slot);
      return;
    }
    this.#index.remove(key, this.#store.hashOf(slot), slot);
    this.#eviction.withdraw(slot);
  }

  evictOne(): number {
    // Out of the queues already: `remove` only clears the index.
    this.#victim = this.#eviction.evictOne();
    return this.#victim;
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

  isKnown(hash: number): boolean {
    return this.#eviction.isKnown(hash);
  }

  rememberRefused(hash: number): void {
    this.#eviction.rememberRefused(hash);
  }

  setCapacity(units: number): void {
    this.#capacity = units;
    this.#eviction.setCapacity(units);
  }

  #judge(hash: number, isHit: boolean): void {
    const jury = this.#jury;
    if (jury === undefined) return;
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
    this.#unmarked = this.#store.top;
    return this.#jury;
  }

  #markSample(jury: Jury): void {
    const end = Math.max(firstSlot, this.#unmarked - markedPerInsertion);
    for (let slot = this.#unmarked - 1; slot >= end; slot--) {
      if (this.#store.stateOf(slot) === 0) continue;
      const state = this.#store.stateOf(slot) & ~sampled;
      this.#store.setState(slot, jury.isSampled(this.#store.hashOf(slot)) ? state | sampled : state);
    }
    this.#unmarked = end > firstSlot ? end : 0;
  }
}
