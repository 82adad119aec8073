import { PlimsollError } from '@plimsoll/memory';
import type { ResourceSlot } from './resource-slot.ts';

/** Where a resource goes back to. */
export interface ResourceOwner<T> {
  takeBack(slot: ResourceSlot<T>, broken: boolean): void;
}

/** One resource of a {@link ResourcePool}, yours until the end of the block it is declared in with `using` or `await using`. */
export class ResourceLease<T> {
  #owner: ResourceOwner<T> | undefined;
  readonly #slot: ResourceSlot<T>;
  readonly #resource: T;

  constructor(owner: ResourceOwner<T>, slot: ResourceSlot<T>, resource: T) {
    this.#owner = owner;
    this.#slot = slot;
    this.#resource = resource;
  }

  /**
   * The resource.
   * @throws ERR_PLIMSOLL_DISPOSED after the lease ended.
   */
  get resource(): T {
    if (this.#owner !== undefined) return this.#resource;
    throw new PlimsollError(
      'ERR_PLIMSOLL_DISPOSED',
      'This lease has ended and its resource may be another caller’s by now. Acquire it again.',
    );
  }

  /**
   * Gives the resource back before the end of the block.
   * @throws ERR_PLIMSOLL_LEASE when the lease ended already.
   */
  release(): void {
    this.#end(false, true);
  }

  /**
   * Ends the lease and the resource: it is destroyed and a new one takes its place when one is needed. For a connection that is known to be broken.
   * @throws ERR_PLIMSOLL_LEASE when the lease ended already.
   */
  discard(): void {
    this.#end(true, true);
  }

  /** Gives the resource back; does nothing when the lease ended already. */
  [Symbol.dispose](): void {
    this.#end(false, false);
  }

  /** Gives the resource back, at once; does nothing when the lease ended already. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#end(false, false);
    return ended;
  }

  #end(broken: boolean, once: boolean): void {
    const owner = this.#owner;
    if (owner !== undefined) {
      this.#owner = undefined;
      owner.takeBack(this.#slot, broken);
    } else if (once) {
      throw new PlimsollError(
        'ERR_PLIMSOLL_LEASE',
        'This lease was released already. Release each lease once, or leave it to `await using`.',
      );
    }
  }
}

const ended = Promise.resolve();
