import { type MemoryHolder, PlimsollError, registerHolder } from '@plimsoll/memory/holders';
import type { LeaseAccountable } from './expect-no-leaks.ts';
import { captureStack, type Entry, type HeldLease, LeakDetector, type LeaseWatch } from './leak-detector.ts';
import type { LeaseOwner } from './lease.ts';
import { LeaseStamp, stateKey as sharedStateKey, type Stamped } from './lease-stamp.ts';
import { LeaseReturn, ObjectLease } from './object-lease.ts';
import { type ObjectPoolOptions, resolveObjectPoolOptions } from './object-pool-options.ts';
import { ObjectSource } from './object-source.ts';
import { ObjectStore } from './object-store.ts';
import { readTurnClockMs } from './turn-clock.ts';

/** The counters of an {@link ObjectPool}. */
export interface ObjectPoolStats {
  /** Objects waiting to be leased. */
  readonly idleCount: number;
  /** Bytes of the idle objects. */
  readonly idleBytes: number;
  /** Objects that are out; a lost one counts until the pool ends. */
  readonly leasedCount: number;
  /** Leases given since the pool began. */
  readonly leaseCount: number;
  /** Calls of `create` that returned. `1 - createdCount / leaseCount` is the share of leases that needed none. */
  readonly createdCount: number;
  /** Objects dropped because the pool was full, had decayed or was asked for memory, or because `reset` threw. */
  readonly droppedCount: number;
  /** Watched leases that were collected without having been given back. */
  readonly leakedCount: number;
}

/** A constant of this module, which the optimizing compiler writes into the code; an imported one is looked up by every lease. */
const stateKey: typeof sharedStateKey = sharedStateKey;

/** Each pool has three states of its own: idle, acquired, acquired and watched. */
const STATES_PER_POOL = 4;
let nextState = STATES_PER_POOL;

/**
 * A free list of objects that are dear to make: typed arrays, Buffers, Maps, parsers, whatever takes more than about 200 ns to construct. For small plain
 * objects `new` is as fast, and what idles in a pool is one more thing each full collection has to visit.
 *
 * Everything is synchronous. Objects above the bound are dropped as they come back, a spike's surplus decays, and under memory pressure what is idle goes first.
 * @example
 * const matrices = new ObjectPool({ create: () => new Float64Array(65_536), maxIdleBytes: mib(16), sizeOf: 524_288 });
 * using lease = matrices.lease();
 * multiply(lease.value);
 */
export class ObjectPool<T extends object> implements MemoryHolder, LeaseAccountable {
  /** Shown in `plimsoll top`, events and errors. */
  readonly name: string;
  /** An idle object costs nothing to lose but its next construction. */
  readonly cost = 0;

  readonly #store: ObjectStore<T>;
  readonly #source: ObjectSource<T>;
  readonly #detector: LeakDetector;
  readonly #registration: Disposable;
  readonly #idleState: number;
  readonly #acquiredState: number;
  readonly #watchedState: number;
  #leasesUntilWatched = 0;
  #intervalCount = 0;
  #countedLeases = 0;

  /** @throws ERR_PLIMSOLL_OPTION when an option has a value that cannot be used, or no bound is given. */
  constructor(options: ObjectPoolOptions<T>) {
    const settings = resolveObjectPoolOptions(options);
    this.name = settings.name;
    this.#idleState = nextState;
    this.#acquiredState = nextState + 1;
    this.#watchedState = nextState + 2;
    nextState += STATES_PER_POOL;
    this.#source = new ObjectSource(this.name, settings.create, this.#idleState);
    this.#store = new ObjectStore(settings, this.#source);
    this.#detector = new LeakDetector(this.name, settings.leakDetection);
    this.#startInterval();
    this.#registration = registerHolder(this, { weak: true });
  }

  /**
   * An object, idle or new, that must come back through {@link release}.
   * @throws ERR_PLIMSOLL_DISPOSED after the pool was disposed; ERR_PLIMSOLL_FACTORY when `create` answers no object, or one it answered before; what `create` throws.
   */
  acquire(): T {
    const object = this.#store.take();
    let state = this.#acquiredState;
    if ((this.#leasesUntilWatched -= 1) === 0) state = this.#watchObject(object);
    // Last: what the optimizing compiler has learnt here of the object's shape, the caller need not check again.
    (object as Stamped)[stateKey] = state;
    return object;
  }

  /**
   * An object that comes back by itself at the end of the block: `using lease = pool.lease()`. It cannot be given to {@link release}.
   * @throws ERR_PLIMSOLL_DISPOSED, ERR_PLIMSOLL_FACTORY and what `create` throws, as {@link acquire} does.
   */
  lease(): ObjectLease<T> {
    let value = this.#store.take();
    let owner: LeaseOwner<T> = this.#store;
    if ((this.#leasesUntilWatched -= 1) === 0 || this.#store.freshViews) {
      owner = this.#wayBack(value);
      if (this.#store.freshViews) value = freshView(value);
    }
    // The one place that makes a lease: one that does not leave its block is then never allocated.
    return new ObjectLease(owner, value);
  }

  /**
   * Takes back what {@link acquire} gave. After the pool was disposed the object is dropped.
   * @throws ERR_PLIMSOLL_LEASE when the object was released already, is leased, or is not of this pool; what `reset` throws.
   */
  release(object: T): void {
    let state: number | undefined;
    try {
      state = (object as Stamped)[stateKey];
    } catch {
      // Null or undefined, past the types: to ask beforehand costs every release 0.7 ns, to catch nothing. The message is made below.
      state = undefined;
    }
    if (state === this.#acquiredState) {
      (object as Stamped)[stateKey] = this.#idleState;
      this.#store.takeBack(object);
    } else this.#releaseWatched(object);
  }

  /** Bytes of the idle objects. */
  bytes(): number {
    return this.#store.idleBytes;
  }

  /** Drops idle objects, longest idle first, until about `targetBytes` are free, and returns how many bytes that was. */
  reclaim(targetBytes: number): number {
    return this.#store.reclaim(targetBytes);
  }

  /** Drops half of the idle objects that nobody needed since the last call. Called every `decayMs`; true while something idle is left. */
  decay(): boolean {
    return this.#store.decay();
  }

  /** Objects that are out now, lost ones included. */
  get leasedCount(): number {
    return this.#source.createdCount - this.#store.droppedCount - this.#store.idleCount;
  }

  /** The watched leases that are out, with their stacks. */
  heldLeases(): HeldLease[] {
    return this.#detector.outstanding();
  }

  /** Watches every lease taken until the result is disposed. */
  watchEveryLease(): LeaseWatch {
    const watch = this.#detector.watchEvery();
    this.#startInterval();
    return watch;
  }

  /** The counters now. */
  stats(): ObjectPoolStats {
    return {
      idleCount: this.#store.idleCount,
      idleBytes: this.#store.idleBytes,
      leasedCount: this.leasedCount,
      leaseCount: this.#countedLeases + this.#intervalCount - this.#leasesUntilWatched,
      createdCount: this.#source.createdCount,
      droppedCount: this.#store.droppedCount,
      leakedCount: this.#detector.leakedCount,
    };
  }

  /** Drops what is idle. What is out is dropped as it comes back; {@link acquire} throws from now on. */
  [Symbol.dispose](): void {
    this.#store.close();
    this.#registration[Symbol.dispose]();
  }

  /** Watches an object that is acquired, if it may; answers the state it is in. */
  #watchObject(object: T): number {
    if (!this.#claimWatch()) return this.#acquiredState;
    LeaseStamp.attach(object, this.#detector.track(object, undefined, captureStack(acquireEntry)));
    return this.#watchedState;
  }

  #wayBack(object: T): LeaseReturn<T> {
    const way = new LeaseReturn(this.#store, object, this.#detector);
    // The lease alone refers to its way back: they are lost together.
    if (this.#leasesUntilWatched === 0 && this.#claimWatch())
      way.watch(this.#detector.track(way, undefined, captureStack(leaseEntry)));
    return way;
  }

  /** Whether the lease that ended this interval may be watched; begins the next. */
  #claimWatch(): boolean {
    const claimed = this.#detector.claimStack(readTurnClockMs());
    this.#startInterval();
    return claimed;
  }

  #startInterval(): void {
    this.#countedLeases += this.#intervalCount - this.#leasesUntilWatched;
    this.#intervalCount = this.#detector.nextIntervalCount();
    this.#leasesUntilWatched = this.#intervalCount;
  }

  /** The way back that is not the common one: a watched object, or a mistake. */
  #releaseWatched(object: T): void {
    const state = LeaseStamp.isMarked(object) ? (object as Stamped)[stateKey] : undefined;
    if (state === this.#watchedState) {
      (object as Stamped)[stateKey] = this.#idleState;
      const record = LeaseStamp.detach(object);
      if (record !== undefined) this.#detector.untrack(record);
      this.#store.takeBack(object);
      return;
    }
    const fault = state === this.#idleState ? 'was released already, or is leased' : 'is not of this pool';
    throw new PlimsollError(
      'ERR_PLIMSOLL_LEASE',
      `An object released to pool "${this.name}" ${fault}. Release each object once, to the pool it was acquired from; a lease gives its own back.`,
      { details: { pool: this.name, fault } },
    );
  }
}

const acquireEntry = Reflect.get(ObjectPool.prototype, 'acquire') as Entry;
const leaseEntry = Reflect.get(ObjectPool.prototype, 'lease') as Entry;

function freshView<T extends object>(object: T): T {
  // Only called for pools whose objects are Uint8Arrays; `subarray` keeps the class (Buffer stays Buffer).
  return (object as T & Uint8Array).subarray() as unknown as T;
}
