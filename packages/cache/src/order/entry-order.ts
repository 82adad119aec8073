/** The value of an entry that may not simply be handed out: it has a deadline, or stands for an absence or a failure. undefined = nothing to show. */
export type ReadClosely = (slot: number) => unknown;

/**
 * Knows which slot a key has and which entry leaves next. `policy: 'adaptive'` and `policy: 'lru'` are the two implementations; what an entry *is* (value,
 * weight, deadline) is the cache's own business.
 */
export interface EntryOrder {
  /** Slot of a key without counting a request; 0 = none. */
  find(key: unknown): number;
  /** Hash of a key, to be handed to {@link findHashed} and {@link insert}. */
  hashOf(key: unknown): number;
  /** Like {@link find} with the hash at hand. */
  findHashed(key: unknown, hash: number): number;
  /** The value of a key, counted as a hit, by {@link ReadClosely} where that has to say; undefined, counted as a miss, when there is none. */
  read(key: unknown): unknown;
  /** Counts a hit. */
  recordHit(slot: number): void;
  /** How often a key was asked for, as far as is remembered, to be handed to {@link insert}. */
  recall(hash: number): number;
  /** Takes a new key. `flags` are bits of entry-state.ts. */
  insert(key: unknown, hash: number, slot: number, flags: number, askedCount: number): void;
  /** Takes the key of `slot` out of index and queues. */
  remove(slot: number): void;
  /** Picks a victim and takes it out of index and queues; 0 = there is none. */
  evictOne(): number;
  /** The entry's weight changed by `addedUnits`. */
  reweigh(slot: number, addedUnits: number): void;
  /** Keeps the entry from being evicted, or no longer. */
  setPinned(slot: number, isPinned: boolean): void;
  /** Remembers a request for a key that was not let in. */
  rememberRefused(hash: number): void;
  /** Tells the bound, in units, and about how many entries that is. */
  setCapacity(units: number): void;
  /** Name of the rule in use. */
  readonly ruleName: string;
  /** Hits so far. */
  readonly hits: number;
  /** Reads that found nothing so far. */
  readonly misses: number;
}
