import type { Placement } from './buffer-store.ts';
import { endedError, type LeaseOwner, releasedError } from './lease.ts';

/** One buffer of a {@link BufferPool}, yours until the end of the block it is declared in with `using`. */
export class BufferLease {
  #owner: LeaseOwner<Placement> | undefined;
  readonly #held: Placement;

  constructor(owner: LeaseOwner<Placement>, held: Placement) {
    this.#owner = owner;
    this.#held = held;
  }

  /**
   * A fresh view of exactly the length that was asked for. Its `.buffer` is the slab it shares with other leases: pass the view on, never the ArrayBuffer.
   * @throws ERR_PLIMSOLL_DISPOSED after the lease ended.
   */
  get buffer(): Buffer {
    if (this.#owner === undefined) throw endedError('buffer');
    return this.#held.buffer;
  }

  /**
   * Gives the buffer back before the end of the block. No read or write of it may still be under way.
   * @throws ERR_PLIMSOLL_LEASE when it was given back already.
   */
  release(): void {
    if (this.#owner === undefined) throw releasedError();
    this[Symbol.dispose]();
  }

  /** Gives the buffer back; does nothing when it was given back already. */
  [Symbol.dispose](): void {
    const owner = this.#owner;
    if (owner === undefined) return;
    this.#owner = undefined;
    owner.takeBack(this.#held, false);
  }
}
