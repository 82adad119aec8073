import {
  countMask,
  counterMask,
  countShift,
  hitIncrement,
  inMain,
  pinned,
  sampled,
  timed,
  marker,
  visitMask,
} from '../store/entry-state.ts';
import { type EntryStore, segmentShift, slotMask } from '../store/entry-store.ts';
import { FrequencySketch, highestCount } from './frequency-sketch.ts';
import { GhostList } from './ghost-list.ts';
import type { EvictionRule } from './rule.ts';

/** Ends of the two queues: slots that are never entries. */
const small = 0;
const main = 1;
/** Entries one eviction may pass over; beyond, it takes what it has. */
const longestWalk = 64;
const drainedPerEviction = 8;
/** Counts are halved when the cache was asked this many times its entries. */
const agingPeriod = 10;
const agedPerStep = 4_096;

/**
 * Two queues over the entries and the rules that pick a victim from them. All rules share the queues, the ghosts and the counts, so that the leading rule can
 * change at any moment without touching an entry: a *small* queue where new entries wait, and a *main* queue. Links and counters live in the store's columns;
 * a hit that needs no move changes two bytes.
 *
 * One operation passes over at most 64 entries, whatever the queues look like.
 */
export class Eviction {
  readonly #store: EntryStore;
  #rule: EvictionRule;
  /** The bound in units: bytes, or entries when they have no weights. */
  #capacity: number;
  /** What the small queue may hold under this rule and bound. */
  #smallTarget = 1;
  #smallUnits = 0;
  #mainUnits = 0;
  #ghosts: GhostList | undefined;
  #sketch: FrequencySketch | undefined;
  #rememberedCount = 0;
  #isQueueRule: boolean;
  /** Hash of the entry that {@link evictOne} picked last. */
  lostHash = 0;
  #draining = false;
  #agedAt = 0;
  #agingSlot = 0;
  /** Hits so far. */
  hits = 0;
  #inserts = 0;
  /** A hit is settled by its counters alone when `state & slowMask` equals this. */
  #fastState = 0;
  #slowMask = 0;

  constructor(store: EntryStore, capacity: number, rule: EvictionRule) {
    this.#store = store;
    this.#capacity = capacity;
    this.#rule = rule;
    this.#isQueueRule = rule.kind === 'queue';
    const links = store.links[0];
    links.set([small, small, main, main]);
    this.#setFastPath();
    this.#setSmallTarget();
  }

  /** The rule that picks victims now. */
  get rule(): EvictionRule {
    return this.#rule;
  }

  /** Units in both queues. */
  get units(): number {
    return this.#smallUnits + this.#mainUnits;
  }

  /** Changes the bound the rules measure the small queue against. */
  setCapacity(capacity: number): void {
    if (capacity === this.#capacity) return;
    this.#capacity = capacity;
    this.#setSmallTarget();
  }

  /** Lets another rule pick the victims. */
  setRule(rule: EvictionRule): void {
    if (rule === this.#rule) return;
    this.#rule = rule;
    this.#isQueueRule = rule.kind === 'queue';
    this.#setFastPath();
    this.#setSmallTarget();
    this.restart();
  }

  /**
   * Lets the main queue flow back into the small one, a few entries at a time, and forgets the ghosts: what a queue rule does depends on how its queues were
   * filled, and another rule's filling can hold it in a state it would never have come to.
   */
  restart(): void {
    this.#ghosts?.clear();
    this.#draining = this.#rule.kind !== 'frequency' && this.#mainUnits > 0;
  }

  /** Counts a hit. True when the caller must look closer: the key is sampled, has a deadline, or stands for an absence. */
  recordHit(slot: number): boolean {
    this.hits++;
    const states = this.#store.states[slot >>> segmentShift];
    const at = slot & slotMask;
    const state = states[at];
    if ((state & counterMask) !== counterMask) states[at] = state + hitIncrement[state & counterMask];
    if ((state & this.#slowMask) === this.#fastState) return false;
    this.#moveOnHit(slot, state);
    return (state & (sampled | timed | marker)) !== 0;
  }

  /** Takes a new entry into the queues. */
  admit(slot: number, hash: number, flags: number): void {
    this.#inserts++;
    let count = 1;
    let isKnown = false;
    if (this.#sketch !== undefined) {
      count = Math.min(highestCount, this.#sketch.estimate(hash) + 1);
      isKnown = this.#isQueueRule && this.#ghosts !== undefined && this.#ghosts.take(hash);
    }
    this.#store.setState(slot, (count << countShift) | flags);
    if ((flags & pinned) !== 0) return;
    this.#push(slot, isKnown ? main : small);
    if (this.#rule.kind === 'frequency') this.#settle();
    this.#age();
  }

  /** Takes an entry out of the queues. */
  withdraw(slot: number): void {
    const state = this.#store.stateOf(slot);
    if ((state & pinned) !== 0) return;
    this.#unlink(slot, state);
  }

  /** Puts an entry that was withdrawn, and is no longer pinned, back. */
  reenter(slot: number): void {
    this.#push(slot, small);
  }

  /** True when the key was asked for before, as far as is remembered. */
  isKnown(hash: number): boolean {
    return this.#sketch !== undefined && this.#sketch.estimate(hash) > 0;
  }

  /** Remembers a request for a key that was not let in, so that the next one finds it known. */
  rememberRefused(hash: number): void {
    this.#makeMemory();
    this.#sketch?.remember(hash, 1);
  }

  /** Changes the units of a queued entry. */
  reweigh(slot: number, addedUnits: number): void {
    if ((this.#store.stateOf(slot) & inMain) !== 0) this.#mainUnits += addedUnits;
    else this.#smallUnits += addedUnits;
  }

  /** Picks an entry to lose, takes it out of the queues and remembers it; 0 when there is none. */
  evictOne(): number {
    this.#makeMemory();
    if (this.#draining) this.#drain();
    let slot: number;
    if (this.#draining) slot = this.#walk(main, small, this.#rule.promoteHits);
    else if (this.#rule.kind === 'frequency') slot = this.#pickByFrequency();
    else if (this.#rule.kind === 'queue') slot = this.#pickByQueue();
    else slot = this.#pickByRecency();
    if (slot <= main) return 0;
    this.#lose(slot);
    return slot;
  }

  #lose(slot: number): void {
    const state = this.#store.stateOf(slot);
    this.#unlink(slot, state);
    const hash = this.#store.hashOf(slot);
    const count = (state & countMask) >>> countShift;
    if (count > 0) this.#sketch?.remember(hash, count);
    // What left the main queue is not remembered: it had its chance.
    if (this.#isQueueRule && (state & inMain) === 0) this.#ghosts?.add(hash);
    this.lostHash = hash;
  }

  #pickByRecency(): number {
    if (this.#smallUnits === 0) return this.#tailOf(main);
    return this.#walk(small, small, 1);
  }

  #pickByQueue(): number {
    const smallTarget = this.#smallTarget;
    let slot = 0;
    for (let step = 0; step < longestWalk; step++) {
      if (this.#mainUnits === 0 || this.#smallUnits >= smallTarget) {
        slot = this.#tailOf(small);
        if (slot > main) {
          const state = this.#store.stateOf(slot);
          if ((state & visitMask) < this.#rule.promoteHits) return slot;
          this.#move(slot, state & ~visitMask, main);
          continue;
        }
      }
      slot = this.#tailOf(main);
      if (slot <= main) return this.#tailOf(small);
      const state = this.#store.stateOf(slot);
      if ((state & visitMask) === 0) return slot;
      this.#move(slot, state - 1, main);
    }
    return slot;
  }

  #pickByFrequency(): number {
    if (this.#smallUnits < this.#smallTarget && this.#mainUnits > 0) return this.#mainVictim();
    for (let step = 0; step < longestWalk; step++) {
      const candidate = this.#tailOf(small);
      if (candidate <= main) return this.#mainVictim();
      const state = this.#store.stateOf(candidate);
      const mainRoom = this.#capacity - this.#smallTarget - this.#mainUnits;
      if (mainRoom >= this.#store.weightOf(candidate)) {
        this.#move(candidate, state & ~visitMask, main);
        continue;
      }
      const victim = this.#mainVictim();
      if (victim <= main) return candidate;
      if (countOf(state) <= countOf(this.#store.stateOf(victim))) return candidate;
      this.#move(candidate, state & ~visitMask, main);
      return victim;
    }
    return this.#tailOf(small);
  }

  #mainVictim(): number {
    return this.#walk(main, main, 1, 1);
  }

  /** The first entry from the tail of `queue` with fewer than `hits` hits; those passed over go to the head of `home`, less `forgiven` hits (all by default). */
  #walk(queue: number, home: number, hits: number, forgiven: number = visitMask): number {
    let slot = this.#tailOf(queue);
    for (let step = 0; step < longestWalk && slot > main; step++) {
      const state = this.#store.stateOf(slot);
      const visits = state & visitMask;
      if (visits < hits) return slot;
      this.#move(slot, state - Math.min(visits, forgiven), home);
      slot = this.#tailOf(queue);
    }
    return slot > main ? slot : this.#tailOf(home);
  }

  /** Under the frequency rule the main queue fills first, as entries come, so that no eviction has to move them all. */
  #settle(): void {
    const smallTarget = this.#smallTarget;
    for (let step = 0; step < 4 && this.#smallUnits > smallTarget; step++) {
      const slot = this.#tailOf(small);
      if (slot <= main) return;
      if (this.#mainUnits + this.#store.weightOf(slot) > this.#capacity - smallTarget) return;
      this.#move(slot, this.#store.stateOf(slot) & ~visitMask, main);
    }
  }

  #drain(): void {
    for (let step = 0; step < drainedPerEviction; step++) {
      const head = this.#next(main);
      if (head === main) break;
      const state = this.#store.stateOf(head);
      this.#unlink(head, state);
      this.#store.setState(head, state & ~inMain);
      this.#linkBefore(head, small);
      this.#smallUnits += this.#store.weightOf(head);
    }
    this.#draining = this.#next(main) !== main;
  }

  #moveOnHit(slot: number, state: number): void {
    if ((state & pinned) !== 0) return;
    if (this.#rule.kind === 'recency') {
      this.#move(slot, this.#store.stateOf(slot) & ~visitMask, small);
    } else if (this.#rule.kind === 'frequency' && (state & inMain) === 0) {
      this.#move(slot, this.#store.stateOf(slot), small);
    }
  }

  #setFastPath(): void {
    const looksCloser = sampled | timed | marker | pinned;
    switch (this.#rule.kind) {
      case 'queue':
        this.#slowMask = looksCloser;
        this.#fastState = 0;
        break;
      case 'frequency':
        this.#slowMask = looksCloser | inMain;
        this.#fastState = inMain;
        break;
      default:
        this.#slowMask = 0;
        this.#fastState = 1;
    }
  }

  #setSmallTarget(): void {
    this.#smallTarget = Math.max(1, Math.round(this.#capacity * this.#rule.smallRatio));
  }

  /** The ghosts and the sketch are made at the first eviction, for as many entries as there are, and again when there are twice as many. */
  #makeMemory(): void {
    const { count } = this.#store;
    if (this.#sketch !== undefined && count <= this.#rememberedCount * 2) return;
    this.#rememberedCount = Math.max(count, 4);
    this.#sketch = new FrequencySketch(this.#rememberedCount);
    this.#ghosts = new GhostList(this.#rememberedCount * 0.9);
  }

  /** Halves all counts, a stretch at a time. Residents round up and the sketch down: without that, halving lets strangers in on loops. */
  #age(): void {
    const store = this.#store;
    const asked = this.hits + this.#inserts;
    if (this.#agingSlot === 0) {
      if (asked - this.#agedAt < agingPeriod * Math.max(store.count, 8)) return;
      this.#agedAt = asked;
      this.#agingSlot = main + 1;
      this.#sketch?.startAging();
    }
    const { top } = store;
    const end = Math.min(top, this.#agingSlot + agedPerStep);
    for (let slot = this.#agingSlot; slot < end; slot++) {
      const state = store.stateOf(slot);
      const halved = ((state & countMask) + (1 << countShift)) >>> 1;
      store.setState(slot, (state & ~countMask) | (halved & countMask));
    }
    this.#sketch?.continueAging(end < top ? agedPerStep * 2 : Infinity);
    this.#agingSlot = end < top ? end : 0;
  }

  #tailOf(queue: number): number {
    return this.#store.links[0][queue << 1];
  }

  #next(slot: number): number {
    return this.#store.links[slot >>> segmentShift][((slot & slotMask) << 1) | 1];
  }

  #move(slot: number, state: number, queue: number): void {
    this.#unlink(slot, this.#store.stateOf(slot));
    this.#store.setState(slot, state);
    this.#push(slot, queue);
  }

  #push(slot: number, queue: number): void {
    const store = this.#store;
    const states = store.states[slot >>> segmentShift];
    const at = slot & slotMask;
    const weight = store.weightOf(slot);
    if (queue === main) {
      states[at] |= inMain;
      this.#mainUnits += weight;
    } else {
      states[at] &= ~inMain;
      this.#smallUnits += weight;
    }
    this.#linkBefore(slot, this.#next(queue));
  }

  /** Links `slot` into the ring on the tail side of nothing but right before `next`. */
  #linkBefore(slot: number, next: number): void {
    const { links } = this.#store;
    const nextLinks = links[next >>> segmentShift];
    const nextAt = (next & slotMask) << 1;
    const previous = nextLinks[nextAt];
    nextLinks[nextAt] = slot;
    links[previous >>> segmentShift][((previous & slotMask) << 1) | 1] = slot;
    const own = links[slot >>> segmentShift];
    const ownAt = (slot & slotMask) << 1;
    own[ownAt] = previous;
    own[ownAt | 1] = next;
  }

  #unlink(slot: number, state: number): void {
    const { links } = this.#store;
    const own = links[slot >>> segmentShift];
    const ownAt = (slot & slotMask) << 1;
    const previous = own[ownAt];
    const next = own[ownAt | 1];
    links[previous >>> segmentShift][((previous & slotMask) << 1) | 1] = next;
    links[next >>> segmentShift][(next & slotMask) << 1] = previous;
    const weight = this.#store.weightOf(slot);
    if ((state & inMain) !== 0) this.#mainUnits -= weight;
    else this.#smallUnits -= weight;
  }
}

function countOf(state: number): number {
  return (state & countMask) >>> countShift;
}
