/** What an eviction rule is made of. */
export interface EvictionRule {
  readonly name: 'frequency' | 'queue' | 'wide-queue' | 'recency';
  readonly kind: 'frequency' | 'queue' | 'recency';
  /** Share of the bound that the small queue, where new entries wait, may fill. */
  readonly smallRatio: number;
  /** Hits in the small queue that earn a place in the main one. */
  readonly promoteHits: number;
}

/**
 * The rules the jury chooses among. No single rule holds everywhere: queues win on web and database traces, frequency on loops and scans, recency where
 * working sets move. The first leads until there is evidence.
 */
export const evictionRules: readonly EvictionRule[] = Object.freeze([
  /** W-TinyLFU with a window of 1 %: a newcomer must be asked for more often than what it would drive out. Blind to recency, unbeaten on loops. */
  { name: 'frequency', kind: 'frequency', smallRatio: 0.01, promoteHits: 1 },
  /** S3-FIFO: what is not hit while it passes a tenth of the cache leaves, unless it comes back soon. */
  { name: 'queue', kind: 'queue', smallRatio: 0.1, promoteHits: 1 },
  /** S3-FIFO with a longer, stricter probation. */
  { name: 'wide-queue', kind: 'queue', smallRatio: 0.2, promoteHits: 2 },
  /** LRU: the floor. */
  { name: 'recency', kind: 'recency', smallRatio: 1, promoteHits: 1 },
]);
