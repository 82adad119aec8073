import { PlimsollError } from '@plimsoll/memory';

/** Where a lease goes back to. */
export interface LeaseOwner<T> {
  release(object: T): void;
}

/** One object of an {@link ObjectPool}, yours until the end of the block it is declared in with `using`. */
export class ObjectLease<T extends object> {
  #owner: LeaseOwner<T> | undefined;
  readonly #object: T;
  readonly #value: T;

  constructor(owner: LeaseOwner<T>, object: T, value: T) {
    this.#owner = owner;
    this.#object = object;
    this.#value = value;
  }

  /**
   * The object. For a Buffer or Uint8Array a fresh view of it, so that a reference kept too long is never the next holder's.
   * @throws ERR_PLIMSOLL_DISPOSED after the lease ended.
   */
  get value(): T {
    if (this.#owner === undefined) throw endedError();
    return this.#value;
  }

  /**
   * Gives the object back before the end of the block.
   * @throws ERR_PLIMSOLL_LEASE when it was given back already; what `reset` threw.
   */
  release(): void {
    if (this.#owner === undefined) {
      throw new PlimsollError(
        'ERR_PLIMSOLL_LEASE',
        'This lease was released already. Release each lease once, or leave it to `using`.',
      );
    }
    this[Symbol.dispose]();
  }

  /** Gives the object back; does nothing when it was given back already. */
  [Symbol.dispose](): void {
    const owner = this.#owner;
    if (owner === undefined) return;
    this.#owner = undefined;
    owner.release(this.#object);
  }
}

function endedError(): PlimsollError {
  return new PlimsollError(
    'ERR_PLIMSOLL_DISPOSED',
    'This lease has ended and its object may be another caller’s by now. Take a new lease.',
  );
}
