import { PlimsollError } from '@plimsoll/memory/holders';
import { LeaseStamp } from './lease-stamp.ts';

/** Makes the objects of one {@link ObjectPool} and sees to it that each is one and is new. */
export class ObjectSource<T extends object> {
  readonly #pool: string;
  readonly #create: () => T;
  readonly #idleState: number;
  /** Calls of `create` that returned a new object. */
  createdCount = 0;

  constructor(pool: string, create: () => T, idleState: number) {
    this.#pool = pool;
    this.#create = create;
    this.#idleState = idleState;
  }

  /**
   * A new object, marked as one of this pool that nobody has acquired.
   * @throws ERR_PLIMSOLL_FACTORY when `create` answers no object, or one it answered before; what `create` throws.
   */
  next(): T {
    const create = this.#create;
    const object = create();
    if ((typeof object !== 'object' && typeof object !== 'function') || object === null) {
      throw this.#error(`answered ${String(object)}; expected an object`);
    }
    try {
      LeaseStamp.mark(object, this.#idleState);
    } catch (cause) {
      throw this.#error('answered an object it had answered before, or one that cannot be extended', cause);
    }
    this.createdCount += 1;
    return object;
  }

  #error(fault: string, cause?: unknown): PlimsollError {
    const message = `create of pool "${this.#pool}" ${fault}. Return a new object from every call.`;
    return new PlimsollError('ERR_PLIMSOLL_FACTORY', message, cause === undefined ? {} : { cause });
  }
}
