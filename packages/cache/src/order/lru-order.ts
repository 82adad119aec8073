import { LRUCache } from 'lru-cache';
import { marker, pinned, timed } from '../store/entry-state.ts';
import type { EntryStore } from '../store/entry-store.ts';
import type { EntryOrder, ReadClosely } from './entry-order.ts';

/** `policy: 'lru'`: lru-cache is the index and the order, its values are slots. The cache itself enforces the bound, so lru-cache never has to. */
export class LruOrder implements EntryOrder {
  readonly ruleName = 'lru';
  readonly #store: EntryStore;
  readonly #readClosely: ReadClosely;
  readonly #lru: LRUCache<NonNullable<unknown>, number>;
  readonly #pinned = new Map<unknown, number>();
  hits = 0;
  misses = 0;

  constructor(store: EntryStore, readClosely: ReadClosely) {
    this.#store = store;
    this.#readClosely = readClosely;
    // A bound in units instead of `max`: lru-cache then grows on demand instead of allocating for the worst case.
    this.#lru = new LRUCache({ maxSize: Number.MAX_SAFE_INTEGER, sizeCalculation: () => 1 });
  }

  find(key: unknown): number {
    return this.#lru.peek(boxed(key)) ?? this.#pinned.get(key) ?? 0;
  }

  hashOf(): number {
    return 0;
  }

  findHashed(key: unknown): number {
    return this.find(key);
  }

  read(key: unknown): unknown {
    const slot = this.find(key);
    if (slot === 0) {
      this.misses++;
      return undefined;
    }
    this.recordHit(slot);
    return (this.#store.stateOf(slot) & (timed | marker)) === 0
      ? this.#store.valueOf(slot)
      : this.#readClosely(slot);
  }

  recordHit(slot: number): void {
    this.hits++;
    if ((this.#store.stateOf(slot) & pinned) === 0) this.#lru.get(boxed(this.#store.keyOf(slot)));
  }

  recall(): number {
    // LRU knows what it holds and nothing else: whatever comes is taken for known.
    return 1;
  }

  insert(key: unknown, _hash: number, slot: number, flags: number): void {
    this.#store.setState(slot, flags);
    if ((flags & pinned) === 0) this.#lru.set(boxed(key), slot);
    else this.#pinned.set(key, slot);
  }

  remove(slot: number): void {
    const key = this.#store.keyOf(slot);
    if (!this.#lru.delete(boxed(key))) this.#pinned.delete(key);
  }

  evictOne(): number {
    return this.#lru.pop() ?? 0;
  }

  reweigh(): void {
    // lru-cache sees entries, not weights: nothing to do.
  }

  setPinned(slot: number, isPinned: boolean): void {
    const state = this.#store.stateOf(slot);
    if (((state & pinned) !== 0) === isPinned) return;
    this.remove(slot);
    this.insert(this.#store.keyOf(slot), 0, slot, isPinned ? state | pinned : state & ~pinned);
  }

  rememberRefused(): void {
    // LRU lets everything in.
  }

  setCapacity(): void {
    // The cache enforces the bound.
  }
}

const absent = Symbol('undefined');
const nothing = Symbol('null');

/** lru-cache takes undefined for "no value": the two empty keys get stand-ins. */
function boxed(key: unknown): NonNullable<unknown> {
  if (key === undefined) return absent;
  return key === null ? nothing : key;
}
