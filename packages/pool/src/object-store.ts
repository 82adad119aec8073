import { PlimsollError } from '@plimsoll/memory/holders';
import { type Decaying, DecayTimer } from './decay-timer.ts';
import { estimateBytes } from './estimate-bytes.ts';
import type { LeaseOwner } from './lease.ts';
import type { ResolvedObjectPoolOptions } from './object-pool-options.ts';
import type { ObjectSource } from './object-source.ts';
import { publishPoolEvent } from './pool-events.ts';

/** A count that no list of idle objects reaches, and that is still a small integer to V8: compared with nothing but an integer comparison. */
const UNREACHED_COUNT = 2 ** 30;

/**
 * The idle objects of an {@link ObjectPool} and what they add up to.
 *
 * Taking and taking back decide by one comparison each: above `#floorCount` idle objects one can be popped without further thought, below `#ceilingCount` one
 * can be pushed. Whatever needs thought (a new low-water mark for the decay, the timer, sizes of their own, the end) moves those two marks out of the way.
 */
export class ObjectStore<T extends object> implements LeaseOwner<T>, Decaying {
  readonly #options: ResolvedObjectPoolOptions<T>;
  readonly #reset: ((object: T) => void) | undefined;
  readonly #source: ObjectSource<T>;
  readonly #decayTimer: DecayTimer;
  readonly #idle: T[] = [];
  #floorCount = 0;
  #ceilingCount = 0;
  /** Bytes of each idle object, in the order of `#idle`; kept only when a function sizes them. */
  readonly #idleSizesBytes: number[] = [];
  #sizedIdleBytes = 0;
  #objectBytes: number | undefined;
  #maxIdleCount: number;
  /** Fewest idle objects since the last decay: those that nobody needed. */
  #lowestIdleCount = 0;
  #droppedCount = 0;
  #freshViews = false;
  #closed = false;

  constructor(options: ResolvedObjectPoolOptions<T>, source: ObjectSource<T>) {
    this.#options = options;
    this.#reset = options.reset;
    this.#source = source;
    this.#objectBytes = typeof options.sizeOf === 'number' ? options.sizeOf : undefined;
    this.#maxIdleCount = options.maxIdleCount;
    this.#floorCount = this.#sizes === undefined ? 0 : UNREACHED_COUNT;
    this.#decayTimer = new DecayTimer(this, options.decayMs);
  }

  /** Whether a lease gets a view of the object: known once one was created. */
  get freshViews(): boolean {
    return this.#freshViews;
  }

  get idleCount(): number {
    return this.#idle.length;
  }

  /** Objects dropped because the pool was full, had decayed or was asked for memory, or because `reset` threw. */
  get droppedCount(): number {
    return this.#droppedCount;
  }

  /** Bytes of the idle objects. */
  get idleBytes(): number {
    return this.#sizes === undefined ? this.#idle.length * (this.#objectBytes ?? 0) : this.#sizedIdleBytes;
  }

  /** The object that came back last, or a new one. */
  take(): T {
    const idle = this.#idle;
    return idle.length > this.#floorCount ? (idle.pop() as T) : this.#takeLow();
  }

  /** Cleans an object and keeps it, if there is room. */
  takeBack(object: T): void {
    if (this.#reset !== undefined) this.#clean(this.#reset, object);
    const idle = this.#idle;
    if (idle.length < this.#ceilingCount) idle.push(object);
    else this.#keepOrDrop(object);
  }

  /** Drops idle objects, longest idle first, until about `targetBytes` are free, and returns how many bytes that was. */
  reclaim(targetBytes: number): number {
    const beforeBytes = this.idleBytes;
    let count = 0;
    let bytes = 0;
    while (bytes < targetBytes && count < this.#idle.length) {
      bytes += this.#sizes === undefined ? (this.#objectBytes ?? 0) : (this.#idleSizesBytes[count] ?? 0);
      count += 1;
    }
    this.#dropOldest(count);
    return beforeBytes - this.idleBytes;
  }

  /** Drops half of the idle objects that nobody needed since the last call; true while something idle is left. */
  decay(): boolean {
    this.#dropOldest(Math.ceil(this.#lowestIdleCount / 2));
    this.#moveFloor(this.#idle.length);
    const decaying = this.#idle.length > 0;
    if (!decaying) this.#ceilingCount = 0;
    return decaying;
  }

  /** Drops what is idle, and from now on every object as it comes back; {@link take} throws. */
  close(): void {
    this.#closed = true;
    this.#maxIdleCount = 0;
    this.#ceilingCount = 0;
    this.#dropOldest(this.#idle.length);
    this.#decayTimer.stop();
  }

  /** The function that sizes each object by itself, if one does. */
  get #sizes(): ((object: T) => number) | undefined {
    const { sizeOf } = this.#options;
    return typeof sizeOf === 'function' ? sizeOf : undefined;
  }

  #takeLow(): T {
    const object = this.#idle.pop();
    if (object === undefined) return this.#create();
    if (this.#sizes !== undefined) this.#sizedIdleBytes -= this.#idleSizesBytes.pop() ?? 0;
    if (this.#idle.length < this.#lowestIdleCount) this.#moveFloor(this.#idle.length);
    return object;
  }

  #create(): T {
    const { name } = this.#options;
    if (this.#closed) {
      throw new PlimsollError('ERR_PLIMSOLL_DISPOSED', `Pool "${name}" was disposed. Make a new one.`);
    }
    const object = this.#source.next();
    if (this.#source.createdCount === 1) {
      this.#freshViews = object instanceof Uint8Array;
      if (this.#sizes === undefined) this.#objectBytes ??= estimateBytes(object);
    }
    return object;
  }

  #clean(reset: (object: T) => void, object: T): void {
    try {
      reset(object);
    } catch (error) {
      this.#droppedCount += 1;
      throw error;
    }
  }

  #keepOrDrop(object: T): void {
    // Dropped until it is known to be kept: should `sizeOf` throw, the object is gone and counted.
    this.#droppedCount += 1;
    if (this.#idle.length >= this.#maxIdleCount || !this.#countIn(object)) return;
    this.#droppedCount -= 1;
    this.#idle.push(object);
    this.#decayTimer.arm();
    if (this.#sizes === undefined) this.#ceilingCount = Math.min(this.#maxIdleCount, UNREACHED_COUNT);
  }

  /** Counts the bytes of an object that has a size of its own; false when they do not fit. */
  #countIn(object: T): boolean {
    const bytes = this.#sizes?.(object);
    if (bytes === undefined) return true;
    if (!(bytes >= 0) || this.#sizedIdleBytes + bytes > this.#options.maxIdleBytes) return false;
    this.#idleSizesBytes.push(bytes);
    this.#sizedIdleBytes += bytes;
    return true;
  }

  #dropOldest(count: number): void {
    if (count === 0) return;
    const beforeBytes = this.idleBytes;
    this.#idle.splice(0, count);
    for (const bytes of this.#idleSizesBytes.splice(0, count)) this.#sizedIdleBytes -= bytes;
    this.#droppedCount += count;
    if (this.#idle.length < this.#lowestIdleCount) this.#moveFloor(this.#idle.length);
    const droppedBytes = beforeBytes - this.idleBytes;
    publishPoolEvent(this.#options.name, 'trimmed', { droppedCount: count, droppedBytes });
  }

  #moveFloor(lowestIdleCount: number): void {
    this.#lowestIdleCount = lowestIdleCount;
    if (this.#sizes === undefined) this.#floorCount = lowestIdleCount;
  }
}
