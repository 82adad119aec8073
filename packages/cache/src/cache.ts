// One class, longer than others here: everything that changes an entry must keep index, queues, bytes and listeners in step, and that is one place.
import { type MemoryHolder, PlimsollError, registerHolder } from '@plimsoll/memory/holders';
import {
  type CacheOptions,
  type EntryOptions,
  type RemovalReason,
  requireDuration,
  type ResolvedCacheOptions,
  resolveCacheOptions,
} from './cache-options.ts';
import { CacheCounters, type CacheStats } from './cache-stats.ts';
import { decodeDump, type DumpedEntry, encodeDump } from './dump/cache-dump.ts';
import { ExpirySweeper } from './expiry-sweeper.ts';
import {
  Absence,
  Failure,
  type FetchOptions,
  type ResolvedFetchOptions,
  resolveFetchOptions,
} from './loading/fetch-options.ts';
import { abortedError, type Loader, type LoadOutcome, LoadTable } from './loading/load-table.ts';
import { AdaptiveOrder } from './order/adaptive-order.ts';
import type { EntryOrder, ReadClosely } from './order/entry-order.ts';
import { LruOrder } from './order/lru-order.ts';
import { CacheCapacity } from './pressure/cache-capacity.ts';
import { HitDensity } from './pressure/hit-density.ts';
import { RemovalQueue } from './removal-queue.ts';
import { EntryClock } from './store/entry-clock.ts';
import { live, marker, pinned, timed } from './store/entry-state.ts';
import { EntryStore, firstSlot } from './store/entry-store.ts';
import { EntryWeigher } from './weigher/entry-weigher.ts';

const heaviestBytes = 0xffff_ffff;
const boundReadEvery = 64;
const mostEvictedShrinking = 64;

/**
 * A cache bounded in bytes really kept alive, in entries, or by a share of the process's budget. Map-like; evicts by the rule that its own traffic favours;
 * gives memory back under pressure, as every holder registered with @plimsoll/memory does.
 *
 * Costs: {@link entryOverheadBytes} an entry; a hit is a look-up and two bytes written. Not for values that must not be lost.
 */
export class Cache<K, V> implements MemoryHolder, Disposable {
  /** The name given in the options. */
  readonly name: string;
  readonly #options: ResolvedCacheOptions<K, V>;
  readonly #counters = new CacheCounters();
  readonly #removals: RemovalQueue<K, V>;
  readonly #loads: LoadTable<K, V>;
  readonly #sweeper: ExpirySweeper;
  readonly #capacity: CacheCapacity;
  readonly #clock: EntryClock;
  readonly #weigher: EntryWeigher<K, V>;
  readonly #density: HitDensity;
  readonly #registration: Disposable;
  readonly #isWeighted: boolean;
  readonly #isTimed: boolean;
  readonly #tellsRemovals: boolean;
  #store: EntryStore;
  #order: EntryOrder;
  #units = 0;
  #insertions = 0;
  #clearedHits = 0;
  #isDisposed = false;

  /** @throws ERR_PLIMSOLL_OPTION when there is no bound or an option cannot be used. */
  constructor(options: CacheOptions<K, V>) {
    const resolved = resolveCacheOptions(options);
    this.#options = resolved;
    this.name = resolved.name;
    this.#capacity = new CacheCapacity(resolved);
    this.#clock = new EntryClock(resolved);
    this.#weigher = new EntryWeigher(resolved.weigher, this.#counters);
    this.#isWeighted = this.#capacity.isWeighted;
    this.#isTimed = resolved.ttlMs !== Infinity || resolved.idleTtlMs !== Infinity;
    this.#store = this.#createStore();
    this.#order = this.#createOrder();
    this.#removals = new RemovalQueue(resolved.onRemove, resolved.disposeValues, this.#counters);
    this.#tellsRemovals = this.#removals.isWanted;
    this.#loads = new LoadTable(() => this.#clock.nowMs());
    this.#sweeper = new ExpirySweeper(this);
    this.#density = new HitDensity(this.#clock.nowMs());
    this.#registration = registerHolder(this, { weak: true });
  }

  /** Entries held, expired ones that were not yet swept included. */
  get size(): number {
    return this.#store.count;
  }

  /** The value of `key`, undefined when there is none or it is no longer fresh. Counts as a request. */
  get(key: K): V | undefined {
    return this.#order.read(key) as V | undefined;
  }

  /** The value of `key` without counting a request or renewing an idle TTL. */
  peek(key: K): V | undefined {
    const slot = this.#order.find(key);
    if (slot === 0 || !this.#clock.isShown(this.#store, slot)) return undefined;
    return this.#store.valueOf(slot) as V;
  }

  /** True when {@link get} would find a value. Counts no request. */
  has(key: K): boolean {
    const slot = this.#order.find(key);
    return slot !== 0 && this.#clock.isShown(this.#store, slot);
  }

  /**
   * Keeps `value` under `key`. A value heavier than the bound is rejected (and what the key had is gone): see `onRemove`.
   * @throws ERR_PLIMSOLL_OPTION when an option of the entry cannot be used, ERR_PLIMSOLL_DISPOSED after disposal.
   */
  set(key: K, value: V, options?: EntryOptions): this {
    if (this.#isDisposed) throw disposedError(this.name);
    if (this.#loads.size > 0) this.#loads.supersede(key);
    if (options === undefined && !this.#isTimed && this.#capacity.isAtRest()) this.#writePlain(key, value);
    else this.#write(key, value, options, 0);
    return this;
  }

  /** Invalidates `key`; true when it was there. */
  delete(key: K): boolean {
    if (this.#loads.size > 0) this.#loads.supersede(key);
    const slot = this.#order.find(key);
    if (slot === 0) return false;
    const wasShown = this.#clock.isShown(this.#store, slot);
    this.#remove(slot, 'invalidate');
    this.#removals.flush();
    return wasShown;
  }

  /** Invalidates every key. */
  clear(): void {
    this.#loads.supersedeAll();
    if (this.#tellsRemovals) {
      for (const slot of this.#slots()) this.#tellRemoval(slot, 'invalidate');
    }
    this.#clearedHits += this.#order.hits;
    this.#counters.misses += this.#order.misses;
    this.#units = 0;
    this.#store = this.#createStore();
    this.#order = this.#createOrder();
    this.#removals.flush();
  }

  /** Keeps an entry from being evicted; false when the key is not there. */
  pin(key: K): boolean {
    return this.#setPinned(key, true);
  }

  /** Lets a pinned entry be evicted again; false when the key is not there. */
  unpin(key: K): boolean {
    return this.#setPinned(key, false);
  }

  /**
   * The value of `key`, loaded when it is not there: one load for all who ask at the same time. A fresh hit loads nothing; a stale one (see
   * `staleWhileRevalidateMs`) is served while a new value is loaded. Failures are not kept unless `failureTtlMs` says so, absences unless `negativeTtlMs`.
   * @throws what the loader throws; ERR_PLIMSOLL_ABORTED when `signal` ends the wait.
   */
  async fetch(key: K, loader: Loader<K, V>, options?: FetchOptions): Promise<V | undefined> {
    if (this.#isDisposed) throw disposedError(this.name);
    const resolved = resolveFetchOptions(options);
    if (resolved.signal?.aborted === true) throw abortedError(resolved.signal.reason);
    const slot = this.#order.find(key);
    if (slot === 0) {
      this.#counters.misses++;
      return await this.#loads.join(key, loader, this.#outcome(resolved), undefined, resolved.signal);
    }
    const state = this.#store.stateOf(slot);
    const value = this.#store.valueOf(slot);
    if ((state & (timed | marker)) === 0) {
      this.#order.recordHit(slot);
      return value as V;
    }
    return await this.#fetchTimed(key, slot, loader, resolved);
  }

  /** Every key whose value is fresh, in no particular order; like `Map`, tolerant of changes on the way. */
  *keys(): Generator<K, undefined, undefined> {
    for (const slot of this.#slots())
      if (this.#clock.isShown(this.#store, slot)) yield this.#store.keyOf(slot) as K;
  }

  /** Every fresh value. */
  *values(): Generator<V, undefined, undefined> {
    for (const slot of this.#slots())
      if (this.#clock.isShown(this.#store, slot)) yield this.#store.valueOf(slot) as V;
  }

  /** Every key with its fresh value. */
  *entries(): Generator<[K, V], undefined, undefined> {
    for (const slot of this.#slots()) {
      if (this.#clock.isShown(this.#store, slot))
        yield [this.#store.keyOf(slot) as K, this.#store.valueOf(slot) as V];
    }
  }

  [Symbol.iterator](): Generator<[K, V], undefined, undefined> {
    return this.entries();
  }

  /** Calls `visit` for every key with a fresh value. */
  forEach(visit: (value: V, key: K, cache: this) => void): void {
    for (const [key, value] of this.entries()) visit(value, key, this);
  }

  /**
   * The fresh entries as bytes, for a warm start: pipe it into a file. Values are structured clones; what cannot be cloned is left out. The file holds your
   * keys and values: keep it as you keep them.
   */
  dump(): Generator<Buffer, void, undefined> {
    return encodeDump(this.#dumped());
  }

  /**
   * Takes the entries of a {@link dump}, whose TTLs go on from where they were dumped; returns how many were let in. Read only dumps of your own.
   * @throws ERR_PLIMSOLL_FORMAT when the bytes are not a whole dump of this version; entries before the fault are kept.
   */
  async load(source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<number> {
    const before = this.#counters.admissions;
    for await (const { key, value, remainingMs } of decodeDump(source)) {
      if (remainingMs > 0)
        this.set(key as K, value as V, remainingMs === Infinity ? {} : { ttlMs: remainingMs });
    }
    return this.#counters.admissions - before;
  }

  /** What the cache did and holds. */
  stats(): CacheStats {
    const counters = this.#counters;
    const hits = this.#hits();
    const misses = counters.misses + this.#order.misses;
    const requests = hits + misses;
    return {
      count: this.#store.count,
      bytes: this.bytes(),
      capacityBytes: this.#isWeighted ? this.#capacity.units : Infinity,
      capacityCount: this.#capacity.count,
      hits,
      misses,
      hitRatio: requests === 0 ? 0 : hits / requests,
      admissions: counters.admissions,
      rejections: counters.rejections,
      evictions: counters.evictions,
      expirations: counters.expirations,
      loads: counters.loads,
      loadFailures: counters.loadFailures,
      loadTimeMs: counters.loadTimeMs,
      staleHits: counters.staleHits,
      listenerFaults: counters.listenerFaults,
      weigherFaults: counters.weigherFaults,
      rule: this.#order.ruleName,
    };
  }

  /** Bytes the entries keep alive now: counted when the bound is in bytes, estimated from one new value in 128 (16 at first) when it is a count. */
  bytes(): number {
    if (this.#isWeighted) return this.#units;
    return this.#weigher.estimateBytes(this.#store.count);
  }

  /** What losing a byte costs, 0..2: hits per second and MiB, 1 at one. Caches that are read least give back first. */
  cost(): number {
    return this.#density.cost(this.#hits(), this.bytes(), this.#clock.nowMs());
  }

  /** Evicts about `targetBytes`, and does not fill them again until some seconds have passed without pressure. Never throws. */
  reclaim(targetBytes: number): number {
    const before = this.bytes();
    const aim = before - targetBytes;
    while (this.#store.count > 0 && this.bytes() > aim) {
      if (!this.#evictOne()) break;
    }
    this.#capacity.shrinkTo(this.#units, this.#store.count, this.#clock.nowMs());
    this.#order.setCapacity(this.#capacity.units);
    this.#removals.flush();
    return before - this.bytes();
  }

  /** Empties the cache and takes it out of the budget. Reading it then finds nothing; writing throws ERR_PLIMSOLL_DISPOSED. */
  [Symbol.dispose](): void {
    if (this.#isDisposed) return;
    this.clear();
    this.#isDisposed = true;
    this.#sweeper.stop();
    this.#registration[Symbol.dispose]();
  }

  /** @internal Removes what has expired among some slots; see ExpirySweeper. */
  sweepFrom(start: number, slotCount: number): number {
    const store = this.#store;
    const first = start < firstSlot || start >= store.top ? firstSlot : start;
    const end = Math.min(store.top, first + slotCount);
    const nowMs = this.#clock.nowMs();
    for (let slot = first; slot < end; slot++) {
      if ((store.stateOf(slot) & timed) !== 0 && this.#clock.isOver(this.#store, slot, nowMs))
        this.#expire(slot);
    }
    this.#removals.flush();
    return end >= store.top ? 0 : end;
  }

  /** What `#write` does, without what only timed, pinned or scarce entries need: the path of nearly every write. */
  #writePlain(key: K, value: V): void {
    const order = this.#order;
    const weight = this.#isWeighted ? this.#weigher.weigh(key, value, undefined, false, false) : 1;
    const hash = order.hashOf(key);
    const askedCount = order.recall(hash);
    const found = order.findHashed(key, hash);
    if (++this.#insertions % boundReadEvery === 0) this.#updateCapacity();
    if (found !== 0) this.#replace(found, value, weight, undefined, 0, Infinity, false);
    else if (this.#makeRoom(weight)) {
      const slot = this.#store.allocate(key, value, hash, weight);
      order.insert(key, hash, slot, live, askedCount);
      this.#units += weight;
      this.#counters.admissions++;
      if (!this.#isWeighted) this.#weigher.sample(key, value);
    } else this.#reject(key, value, 0);
    if (this.#tellsRemovals) this.#removals.flush();
  }

  #write(key: K, value: unknown, options: EntryOptions | undefined, flags: number): void {
    const ttlMs =
      options?.ttlMs === undefined ? this.#options.ttlMs : requireDuration('ttlMs', options.ttlMs);
    const isTimed = this.#isTimed || ttlMs !== Infinity;
    const weight = this.#isWeighted
      ? this.#weigher.weigh(key, value, options?.weightBytes, isTimed, (flags & marker) !== 0)
      : 1;
    const hash = this.#order.hashOf(key);
    const slot = this.#order.findHashed(key, hash);
    if (!this.#capacity.isAtRest() || ++this.#insertions % boundReadEvery === 0) this.#updateCapacity();
    if (slot !== 0) this.#replace(slot, value, weight, options, flags, ttlMs, isTimed);
    else this.#insert(key, value, hash, weight, options, flags, ttlMs, isTimed);
    this.#removals.flush();
  }

  #insert(
    key: K,
    value: unknown,
    hash: number,
    weight: number,
    options: EntryOptions | undefined,
    flags: number,
    ttlMs: number,
    isTimed: boolean,
  ): void {
    const isPinned = options?.pinned === true;
    const askedCount = this.#order.recall(hash);
    if (this.#capacity.isStrict() && !isPinned && this.#isFull(weight) && askedCount === 0) {
      this.#order.rememberRefused(hash);
      this.#reject(key, value, flags);
      return;
    }
    if (!this.#makeRoom(weight)) {
      this.#reject(key, value, flags);
      return;
    }
    if (isTimed) this.#sweeper.step();
    const slot = this.#store.allocate(key, value, hash, weight);
    this.#order.insert(
      key,
      hash,
      slot,
      flags | live | (isPinned ? pinned : 0) | (isTimed ? timed : 0),
      askedCount,
    );
    this.#units += weight;
    this.#counters.admissions++;
    if (isTimed) this.#setTimes(slot, ttlMs);
    if (!this.#isWeighted) this.#weigher.sample(key, value);
  }

  #replace(
    slot: number,
    value: unknown,
    weight: number,
    options: EntryOptions | undefined,
    flags: number,
    ttlMs: number,
    isTimed: boolean,
  ): void {
    const store = this.#store;
    if (weight > this.#capacity.units || weight > heaviestBytes) {
      const key = store.keyOf(slot) as K;
      this.#remove(slot, 'replace');
      this.#reject(key, value, flags);
      return;
    }
    if (store.valueOf(slot) !== value) this.#tellRemoval(slot, 'replace');
    const added = weight - store.weightOf(slot);
    if (added !== 0) {
      store.setWeight(slot, weight);
      this.#order.reweigh(slot, added);
      this.#units += added;
    }
    store.setValue(slot, value);
    const kept = store.stateOf(slot) & ~(marker | timed);
    store.setState(slot, kept | flags | (isTimed ? timed : 0));
    if (isTimed) this.#setTimes(slot, ttlMs);
    if (options?.pinned !== undefined) this.#order.setPinned(slot, options.pinned);
    this.#order.recordHit(slot);
    this.#counters.falseHits++;
    if (added > 0) this.#makeRoom(0);
  }

  /** Evicts until `weight` more fits; false when it cannot. */
  #makeRoom(weight: number): boolean {
    if (weight > this.#capacity.units || weight > heaviestBytes) return false;
    for (let evicted = 0; this.#isFull(weight); evicted++) {
      // Shrunk by pressure: one write does not pay for the whole way down.
      if (
        evicted >= mostEvictedShrinking &&
        this.#capacity.fitsBound(this.#units + weight, this.#store.count)
      )
        return true;
      // When the count binds, the rules must measure their queues against the bytes there are.
      if (this.#isWeighted && this.#units + weight <= this.#capacity.units)
        this.#order.setCapacity(this.#units);
      if (!this.#evictOne()) return false;
    }
    return true;
  }

  #isFull(weight: number): boolean {
    const { count } = this.#store;
    const addedCount = weight > 0 ? 1 : 0;
    return this.#units + weight > this.#capacity.units || count + addedCount > this.#capacity.count;
  }

  /** False when there is nothing the policy may evict. */
  #evictOne(): boolean {
    const slot = this.#order.evictOne();
    if (slot === 0) return false;
    this.#counters.evictions++;
    this.#release(slot, 'evict');
    return true;
  }

  #remove(slot: number, reason: RemovalReason): void {
    this.#order.remove(slot);
    this.#release(slot, reason);
  }

  #release(slot: number, reason: RemovalReason): void {
    if (this.#tellsRemovals) this.#tellRemoval(slot, reason);
    this.#units -= this.#store.weightOf(slot);
    this.#store.release(slot);
  }

  #expire(slot: number): void {
    this.#counters.expirations++;
    this.#remove(slot, 'expire');
  }

  #reject(key: K, value: unknown, flags: number): void {
    this.#counters.rejections++;
    if (this.#tellsRemovals && (flags & marker) === 0) this.#removals.add(key, value as V, 'reject');
  }

  #tellRemoval(slot: number, reason: RemovalReason): void {
    if (!this.#tellsRemovals || (this.#store.stateOf(slot) & marker) !== 0) return;
    this.#removals.add(this.#store.keyOf(slot) as K, this.#store.valueOf(slot) as V, reason);
  }

  #getTimed(slot: number): V | undefined {
    const store = this.#store;
    const state = store.stateOf(slot);
    if ((state & timed) !== 0) {
      const nowMs = this.#clock.nowMs();
      if (!this.#clock.isFresh(this.#store, slot, nowMs)) {
        this.#noteMiss();
        if (this.#clock.isOver(this.#store, slot, nowMs)) {
          this.#expire(slot);
          this.#removals.flush();
        }
        return undefined;
      }
      this.#clock.touch(store, slot, nowMs);
    }
    if ((state & marker) !== 0) {
      this.#noteMiss();
      return undefined;
    }
    return store.valueOf(slot) as V;
  }

  async #fetchTimed(
    key: K,
    slot: number,
    loader: Loader<K, V>,
    options: ResolvedFetchOptions,
  ): Promise<V | undefined> {
    const store = this.#store;
    const nowMs = this.#clock.nowMs();
    const isMarker = (store.stateOf(slot) & marker) !== 0;
    const value = store.valueOf(slot);
    const staleValue = isMarker ? undefined : (value as V);
    const outcome = this.#outcome(options);
    this.#order.recordHit(slot);
    if (this.#clock.isFresh(this.#store, slot, nowMs)) {
      this.#clock.touch(store, slot, nowMs);
      const isOld = this.#clock.agedRatio(store, slot, nowMs) >= options.refreshAheadRatio;
      if (!isMarker && isOld && options.refreshAheadRatio < 1) {
        this.#loads.refresh(key, loader, outcome, staleValue);
      }
      if (value instanceof Failure) throw value.error;
      return staleValue;
    }
    if (!isMarker && !this.#clock.isOver(this.#store, slot, nowMs)) {
      this.#counters.staleHits++;
      this.#loads.refresh(key, loader, outcome, staleValue);
      return staleValue;
    }
    this.#noteMiss();
    this.#expire(slot);
    this.#removals.flush();
    return await this.#loads.join(key, loader, outcome, staleValue, options.signal);
  }

  #outcome(options: ResolvedFetchOptions): LoadOutcome<K, V> {
    return {
      loaded: (key, value, elapsedMs, keptMs) => {
        this.#counters.loads++;
        this.#counters.loadTimeMs += elapsedMs;
        if (this.#isDisposed) return;
        const ttlMs = keptMs ?? options.ttlMs;
        if (value !== undefined && (ttlMs === undefined || ttlMs > 0)) {
          this.#write(key, value, ttlMs === undefined ? undefined : { ttlMs }, 0);
        } else if (value === undefined && options.negativeTtlMs > 0) {
          this.#write(key, new Absence(), { ttlMs: options.negativeTtlMs }, marker);
        } else this.#dropStale(key);
      },
      failed: (key, error, elapsedMs) => {
        this.#counters.loadFailures++;
        this.#counters.loadTimeMs += elapsedMs;
        // A stale value is worth more than the memory of a failure.
        if (this.#isDisposed || options.failureTtlMs <= 0 || this.#order.find(key) !== 0) return;
        this.#write(key, new Failure(error), { ttlMs: options.failureTtlMs }, marker);
      },
    };
  }

  /** A refresh found that there is nothing any more. */
  #dropStale(key: K): void {
    const slot = this.#order.find(key);
    if (slot === 0) return;
    this.#remove(slot, 'invalidate');
    this.#removals.flush();
  }

  #setPinned(key: K, isPinned: boolean): boolean {
    const slot = this.#order.find(key);
    if (slot === 0 || !this.#clock.isShown(this.#store, slot)) return false;
    this.#order.setPinned(slot, isPinned);
    return true;
  }

  #setTimes(slot: number, ttlMs: number): void {
    this.#clock.start(this.#store, slot, ttlMs);
    this.#sweeper.start();
  }

  #updateCapacity(): void {
    this.#capacity.update(this.#units, this.#store.count, this.#clock.nowMs());
    this.#order.setCapacity(this.#capacity.units);
  }

  #createStore(): EntryStore {
    return new EntryStore({ weights: this.#isWeighted, maxCount: this.#options.maxCount });
  }

  #createOrder(): EntryOrder {
    const readClosely: ReadClosely = (slot) => this.#getTimed(slot);
    if (this.#options.policy === 'lru') return new LruOrder(this.#store, readClosely);
    return new AdaptiveOrder(this.#store, this.#capacity.units, readClosely);
  }

  #hits(): number {
    return this.#order.hits + this.#clearedHits - this.#counters.falseHits;
  }

  #noteMiss(): void {
    this.#counters.falseHits++;
    this.#counters.misses++;
  }

  *#slots(): Generator<number, void, undefined> {
    const store = this.#store;
    for (let slot = firstSlot; slot < store.top; slot++) {
      if ((store.stateOf(slot) & live) !== 0) yield slot;
      // Cleared on the way: the slots are another store's.
      if (store !== this.#store) return;
    }
  }

  *#dumped(): Generator<DumpedEntry, void, undefined> {
    for (const slot of this.#slots()) {
      if (!this.#clock.isShown(this.#store, slot)) continue;
      const remainingMs = this.#clock.remainingMs(this.#store, slot);
      yield { key: this.#store.keyOf(slot), value: this.#store.valueOf(slot), remainingMs };
    }
  }
}

function disposedError(name: string): PlimsollError {
  return new PlimsollError('ERR_PLIMSOLL_DISPOSED', `The cache "${name}" was disposed. Make a new one.`);
}
