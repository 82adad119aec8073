// More than 200 lines: the way of an object from idle to leased and back is private state of one class, inlined where a nanosecond counts.
import { performance } from 'node:perf_hooks';
import { type MemoryHolder, PlimsollError, registerHolder, requireBytes } from '@plimsoll/memory';
import { type Decaying, DecayTimer } from './decay-timer.ts';
import { estimateBytes } from './estimate-bytes.ts';
import type { LeaseAccountable } from './expect-no-leaks.ts';
import {
  captureStack,
  type Entry,
  type HeldLease,
  LeakDetector,
  leakDetections,
  type LeaseWatch,
} from './leak-detector.ts';
import { LeaseStamp } from './lease-stamp.ts';
import { ObjectLease } from './object-lease.ts';
import { objectPoolDefaults, type ObjectPoolOptions } from './object-pool-options.ts';
import { publishPoolEvent } from './pool-events.ts';
import { requireCount, requireFunction, requireWord, withDefaults } from './require-option.ts';

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

/** Each pool has three states of its own: idle, leased, leased and watched. */
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
export class ObjectPool<T extends object> implements MemoryHolder, LeaseAccountable, Decaying {
  /** Shown in `plimsoll top`, events and errors. */
  readonly name: string;
  /** An idle object costs nothing to lose but its next construction. */
  readonly cost = 0;

  readonly #create: () => T;
  readonly #reset: ((object: T) => void) | undefined;
  readonly #sizeOf: ((object: T) => number) | undefined;
  readonly #maxIdleBytes: number;
  readonly #idleState: number;
  readonly #leasedState: number;
  readonly #watchedState: number;
  readonly #detector: LeakDetector;
  readonly #decayTimer: DecayTimer;
  readonly #registration: Disposable;

  readonly #idle: T[] = [];
  /** Bytes of each idle object, in the order of `#idle`; kept only when a function sizes them. */
  readonly #idleSizesBytes: number[] = [];
  #sizedIdleBytes = 0;
  #objectBytes: number | undefined;
  #maxIdleCount: number;
  /** Fewest idle objects since the last decay: those that nobody needed. */
  #lowestIdleCount = 0;
  #decaying = false;
  #leasesUntilWatched = 0;
  #intervalCount = 0;
  #countedLeases = 0;
  #createdCount = 0;
  #droppedCount = 0;
  #freshViews = false;
  #disposed = false;

  /** @throws ERR_PLIMSOLL_OPTION when an option has a value that cannot be used, or no bound is given. */
  constructor(options: ObjectPoolOptions<T>) {
    const settings = withDefaults(objectPoolDefaults, options);
    this.name = settings.name;
    this.#create = requireFunction('create', settings.create);
    this.#reset = settings.reset === undefined ? undefined : requireFunction('reset', settings.reset);
    this.#sizeOf = typeof settings.sizeOf === 'function' ? settings.sizeOf : undefined;
    this.#objectBytes =
      typeof settings.sizeOf === 'number' ? requireBytes('sizeOf', settings.sizeOf, 1) : undefined;
    this.#maxIdleBytes = idleBytesBound(settings);
    this.#maxIdleCount = this.#idleCountBound(settings.maxIdleCount);
    const decayMs = requireCount('decayMs', settings.decayMs, decayRange);
    const mode = requireWord('leakDetection', settings.leakDetection, leakDetections);

    this.#idleState = nextState;
    this.#leasedState = nextState + 1;
    this.#watchedState = nextState + 2;
    nextState += STATES_PER_POOL;
    this.#detector = new LeakDetector(this.name, mode);
    this.#startInterval();
    this.#decayTimer = new DecayTimer(this, decayMs);
    this.#registration = registerHolder(this, { weak: true });
  }

  /**
   * An object, idle or new, that must come back through {@link release}. Faster than {@link lease} by the lease object.
   * @throws ERR_PLIMSOLL_DISPOSED after the pool was disposed; ERR_PLIMSOLL_FACTORY when `create` answers no object, or one it answered before; what `create` throws.
   */
  acquire(): T {
    return this.#take(acquireEntry);
  }

  /**
   * An object that comes back by itself at the end of the block: `using lease = pool.lease()`.
   * @throws ERR_PLIMSOLL_DISPOSED, ERR_PLIMSOLL_FACTORY and what `create` throws, as {@link acquire} does.
   */
  lease(): ObjectLease<T> {
    const object = this.#take(leaseEntry);
    return new ObjectLease(this, object, this.#freshViews ? freshView(object) : object);
  }

  /**
   * Takes an object back. After the pool was disposed the object is dropped.
   * @throws ERR_PLIMSOLL_LEASE when the object was released already or is not of this pool; what `reset` throws.
   */
  release(object: T): void {
    if (!LeaseStamp.move(object, this.#leasedState, this.#idleState)) this.#releaseWatched(object);
    if (this.#reset !== undefined) this.#resetOrDrop(this.#reset, object);
    const idle = this.#idle;
    if (
      idle.length >= this.#maxIdleCount ||
      (this.#sizeOf !== undefined && !this.#countIn(this.#sizeOf(object)))
    ) {
      this.#droppedCount += 1;
      return;
    }
    idle.push(object);
    if (!this.#decaying) {
      this.#decaying = true;
      this.#decayTimer.arm();
    }
  }

  /** Bytes of the idle objects. */
  bytes(): number {
    return this.#sizeOf === undefined ? this.#idle.length * (this.#objectBytes ?? 0) : this.#sizedIdleBytes;
  }

  /** Drops idle objects, longest idle first, until about `targetBytes` are free, and returns how many bytes that was. */
  reclaim(targetBytes: number): number {
    const beforeBytes = this.bytes();
    let count = 0;
    let bytes = 0;
    while (bytes < targetBytes && count < this.#idle.length) {
      bytes += this.#sizeOf === undefined ? (this.#objectBytes ?? 0) : (this.#idleSizesBytes[count] ?? 0);
      count += 1;
    }
    this.#dropOldest(count);
    return beforeBytes - this.bytes();
  }

  /** Drops half of the idle objects that nobody needed since the last call. Called every `decayMs`; true while something idle is left. */
  decay(): boolean {
    this.#dropOldest(Math.ceil(this.#lowestIdleCount / 2));
    this.#lowestIdleCount = this.#idle.length;
    this.#decaying = this.#idle.length > 0;
    return this.#decaying;
  }

  /** Objects that are out now, lost ones included. */
  get leasedCount(): number {
    return this.#createdCount - this.#droppedCount - this.#idle.length;
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
      idleCount: this.#idle.length,
      idleBytes: this.bytes(),
      leasedCount: this.leasedCount,
      leaseCount: this.#countedLeases + this.#intervalCount - this.#leasesUntilWatched,
      createdCount: this.#createdCount,
      droppedCount: this.#droppedCount,
      leakedCount: this.#detector.leakedCount,
    };
  }

  /** Drops what is idle. What is out is dropped as it comes back; {@link acquire} throws from now on. */
  [Symbol.dispose](): void {
    this.#disposed = true;
    this.#maxIdleCount = 0;
    this.#dropOldest(this.#idle.length);
    this.#decayTimer.stop();
    this.#registration[Symbol.dispose]();
  }

  #take(entry: Entry): T {
    const idle = this.#idle;
    const count = idle.length;
    let object: T;
    if (count === 0) object = this.#createOne();
    else {
      object = idle.pop() as T;
      if (count <= this.#lowestIdleCount) this.#lowestIdleCount = count - 1;
      if (this.#sizeOf !== undefined) this.#sizedIdleBytes -= this.#idleSizesBytes.pop() ?? 0;
    }
    this.#leasesUntilWatched -= 1;
    LeaseStamp.set(object, this.#leasedState);
    if (this.#leasesUntilWatched === 0) this.#watch(object, entry);
    return object;
  }

  #createOne(): T {
    if (this.#disposed) {
      throw new PlimsollError('ERR_PLIMSOLL_DISPOSED', `Pool "${this.name}" was disposed. Make a new one.`);
    }
    const create = this.#create;
    const object = create();
    if ((typeof object !== 'object' && typeof object !== 'function') || object === null) {
      throw this.#factoryError(`answered ${String(object)}; expected an object`);
    }
    try {
      LeaseStamp.mark(object);
    } catch (cause) {
      throw this.#factoryError(
        'answered an object it had answered before, or one that cannot be extended',
        cause,
      );
    }
    this.#createdCount += 1;
    if (this.#createdCount === 1) {
      this.#freshViews = object instanceof Uint8Array;
      if (this.#sizeOf === undefined) this.#objectBytes ??= estimateBytes(object);
    }
    return object;
  }

  #factoryError(fault: string, cause?: unknown): PlimsollError {
    const message = `create of pool "${this.name}" ${fault}. Return a new object from every call.`;
    return new PlimsollError('ERR_PLIMSOLL_FACTORY', message, cause === undefined ? {} : { cause });
  }

  #watch(object: T, entry: Entry): void {
    this.#startInterval();
    if (!this.#detector.claimStack(performance.now())) return;
    LeaseStamp.set(object, this.#watchedState);
    LeaseStamp.attach(object, this.#detector.track(object, undefined, captureStack(entry)));
  }

  #startInterval(): void {
    this.#countedLeases += this.#intervalCount - this.#leasesUntilWatched;
    this.#intervalCount = this.#detector.nextIntervalCount();
    this.#leasesUntilWatched = this.#intervalCount;
  }

  /** The way back that is not the common one: a watched lease, or a mistake. */
  #releaseWatched(object: T): void {
    if (LeaseStamp.move(object, this.#watchedState, this.#idleState)) {
      const record = LeaseStamp.detach(object);
      if (record !== undefined) this.#detector.untrack(record);
      return;
    }
    const own = LeaseStamp.isMarked(object) && LeaseStamp.stateOf(object) === this.#idleState;
    const fault = own ? 'was released already' : 'is not of this pool';
    throw new PlimsollError(
      'ERR_PLIMSOLL_LEASE',
      `An object released to pool "${this.name}" ${fault}. Release each object once, to the pool it came from.`,
      { details: { pool: this.name, fault } },
    );
  }

  #resetOrDrop(reset: (object: T) => void, object: T): void {
    try {
      reset(object);
    } catch (error) {
      this.#droppedCount += 1;
      throw error;
    }
  }

  #countIn(bytes: number): boolean {
    if (!(bytes >= 0) || this.#sizedIdleBytes + bytes > this.#maxIdleBytes) return false;
    this.#idleSizesBytes.push(bytes);
    this.#sizedIdleBytes += bytes;
    return true;
  }

  #dropOldest(count: number): void {
    if (count === 0) return;
    const beforeBytes = this.bytes();
    this.#idle.splice(0, count);
    for (const bytes of this.#idleSizesBytes.splice(0, count)) this.#sizedIdleBytes -= bytes;
    this.#droppedCount += count;
    this.#lowestIdleCount = Math.min(this.#lowestIdleCount, this.#idle.length);
    publishPoolEvent(this.name, 'trimmed', { droppedCount: count, droppedBytes: beforeBytes - this.bytes() });
  }

  #idleCountBound(maxIdleCount: number | undefined): number {
    const count =
      maxIdleCount === undefined
        ? Number.MAX_SAFE_INTEGER
        : requireCount('maxIdleCount', maxIdleCount, idleCountRange);
    return this.#objectBytes === undefined
      ? count
      : Math.min(count, Math.floor(this.#maxIdleBytes / this.#objectBytes));
  }
}

const acquireEntry = Reflect.get(ObjectPool.prototype, 'acquire') as Entry;
const leaseEntry = Reflect.get(ObjectPool.prototype, 'lease') as Entry;

const remedyOfBound = 'Say how much may stay idle.';
const idleCountRange = { min: 0, max: Number.MAX_SAFE_INTEGER, remedy: remedyOfBound };
const decayRange = {
  min: 0,
  max: 86_400_000,
  remedy: 'Give milliseconds; 0 keeps everything up to the bound.',
};

function idleBytesBound(settings: {
  maxIdleCount?: number;
  maxIdleBytes?: number | undefined;
  sizeOf?: unknown;
}): number {
  const { maxIdleCount, maxIdleBytes, sizeOf } = settings;
  if (maxIdleBytes === undefined) {
    if (maxIdleCount !== undefined) return Number.POSITIVE_INFINITY;
    throw new PlimsollError(
      'ERR_PLIMSOLL_OPTION',
      'Neither maxIdleCount nor maxIdleBytes is given; a pool needs one of them. Say how much may stay idle.',
    );
  }
  if (sizeOf === undefined) {
    throw new PlimsollError(
      'ERR_PLIMSOLL_OPTION',
      'maxIdleBytes is given without sizeOf; expected the bytes of one object, as a number or a function. Give both, or maxIdleCount instead.',
    );
  }
  return requireBytes('maxIdleBytes', maxIdleBytes);
}

function freshView<T extends object>(object: T): T {
  // Only called for pools whose objects are Uint8Arrays; `subarray` keeps the class (Buffer stays Buffer).
  return (object as T & Uint8Array).subarray() as unknown as T;
}
