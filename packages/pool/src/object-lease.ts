import { endedError, type LeaseOwner, releasedError } from './lease.ts';
import type { LeakDetector, LeakRecord } from './leak-detector.ts';

/** One object of an {@link ObjectPool}, yours until the end of the block it is declared in with `using`. */
export class ObjectLease<T extends object> {
  #owner: LeaseOwner<T> | undefined;
  readonly #held: T;

  constructor(owner: LeaseOwner<T>, held: T) {
    this.#owner = owner;
    this.#held = held;
  }

  /**
   * The object. For a Buffer or Uint8Array a fresh view of it, so that a reference kept too long is never the next holder's.
   * @throws ERR_PLIMSOLL_DISPOSED after the lease ended.
   */
  get value(): T {
    if (this.#owner === undefined) throw endedError('object');
    return this.#held;
  }

  /**
   * Gives the object back before the end of the block.
   * @throws ERR_PLIMSOLL_LEASE when it was given back already; what `reset` threw.
   */
  release(): void {
    if (this.#owner === undefined) throw releasedError();
    this[Symbol.dispose]();
  }

  /** Gives the object back; does nothing when it was given back already. */
  [Symbol.dispose](): void {
    const owner = this.#owner;
    if (owner === undefined) return;
    this.#owner = undefined;
    owner.takeBack(this.#held, false);
  }
}

/**
 * The way back of the few leases that need more than their object: those that are watched, and those whose holder has a view of the object instead. It stands
 * between lease and owner, so that every other lease is two fields long.
 */
export class LeaseReturn<T extends object> implements LeaseOwner<T> {
  readonly #owner: LeaseOwner<T>;
  readonly #object: T;
  readonly #detector: LeakDetector;
  #record: LeakRecord | undefined = undefined;

  constructor(owner: LeaseOwner<T>, object: T, detector: LeakDetector) {
    this.#owner = owner;
    this.#object = object;
    this.#detector = detector;
  }

  /** Notes that the lease is watched. */
  watch(record: LeakRecord): void {
    this.#record = record;
  }

  takeBack(_value: T, broken: boolean): void {
    if (this.#record !== undefined) this.#detector.untrack(this.#record);
    this.#owner.takeBack(this.#object, broken);
  }
}
