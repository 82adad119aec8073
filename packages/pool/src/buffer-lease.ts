import { PlimsollError } from '@plimsoll/memory';
import type { Placement } from './buffer-store.ts';
import type { LeakRecord } from './leak-detector.ts';

/** Where a buffer goes back to. */
export interface BufferOwner {
  takeBack(placement: Placement, record: LeakRecord | undefined): void;
}

/** One buffer of a {@link BufferPool}, yours until the end of the block it is declared in with `using`. */
export class BufferLease {
  #owner: BufferOwner | undefined;
  readonly #placement: Placement;
  #record: LeakRecord | undefined = undefined;

  constructor(owner: BufferOwner, placement: Placement) {
    this.#owner = owner;
    this.#placement = placement;
  }

  /**
   * A fresh view of exactly the length that was asked for. Its `.buffer` is the slab it shares with other leases: pass the view on, never the ArrayBuffer.
   * @throws ERR_PLIMSOLL_DISPOSED after the lease ended.
   */
  get buffer(): Buffer {
    if (this.#owner !== undefined) return this.#placement.buffer;
    throw new PlimsollError(
      'ERR_PLIMSOLL_DISPOSED',
      'This lease has ended and its bytes may be another caller’s by now. Take a new lease.',
    );
  }

  /** Notes that the lease is watched. */
  watch(record: LeakRecord): void {
    this.#record = record;
  }

  /**
   * Gives the buffer back before the end of the block. No read or write of it may still be under way.
   * @throws ERR_PLIMSOLL_LEASE when it was given back already.
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

  /** Gives the buffer back; does nothing when it was given back already. */
  [Symbol.dispose](): void {
    const owner = this.#owner;
    if (owner === undefined) return;
    this.#owner = undefined;
    owner.takeBack(this.#placement, this.#record);
  }
}
