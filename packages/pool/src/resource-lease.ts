import { endedError, type LeaseOwner, releasedError } from './lease.ts';
import type { ResourceSlot } from './resource-slot.ts';

/** One resource of a {@link ResourcePool}, yours until the end of the block it is declared in with `using` or `await using`. */
export class ResourceLease<T> {
  #owner: LeaseOwner<ResourceSlot<T>> | undefined;
  readonly #held: ResourceSlot<T>;

  constructor(owner: LeaseOwner<ResourceSlot<T>>, held: ResourceSlot<T>) {
    this.#owner = owner;
    this.#held = held;
  }

  /**
   * The resource.
   * @throws ERR_PLIMSOLL_DISPOSED after the lease ended.
   */
  get resource(): T {
    if (this.#owner === undefined) throw endedError('resource');
    return this.#held.resource as T;
  }

  /**
   * Gives the resource back before the end of the block.
   * @throws ERR_PLIMSOLL_LEASE when the lease ended already.
   */
  release(): void {
    if (this.#owner === undefined) throw releasedError();
    this.#end(false);
  }

  /**
   * Ends the lease and the resource: it is destroyed and a new one takes its place when one is needed. For a connection that is known to be broken.
   * @throws ERR_PLIMSOLL_LEASE when the lease ended already.
   */
  discard(): void {
    if (this.#owner === undefined) throw releasedError();
    this.#end(true);
  }

  /** Gives the resource back; does nothing when the lease ended already. */
  [Symbol.dispose](): void {
    this.#end(false);
  }

  /** Gives the resource back, at once; does nothing when the lease ended already. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#end(false);
    return ended;
  }

  #end(broken: boolean): void {
    const owner = this.#owner;
    if (owner === undefined) return;
    this.#owner = undefined;
    owner.takeBack(this.#held, broken);
  }
}

const ended = Promise.resolve();
