import type { LeakRecord } from './leak-detector.ts';

/** Returns its argument from the constructor, so that a subclass adds its private fields to *that* object. */
class Given {
  constructor(object: object) {
    return object;
  }
}

/**
 * The state a pool keeps on an object it gave out: two private fields on the object itself. They are invisible (to keys, JSON, spreading, structured clones),
 * need no Set or Map beside the pool, which would cost five times the rest of a lease, and do not keep a lost object alive.
 *
 * The state is a small integer that means something to one pool only: small integers are written without a write barrier.
 */
export class LeaseStamp extends Given {
  #state = 0;
  #record: LeakRecord | undefined = undefined;

  /** Gives `object` the two fields. Throws a TypeError when it already has them: it came from a pool's `create` before. */
  static mark(object: object): void {
    // The subclass's field initialisers run on `object`; there is no instance to keep.
    void new LeaseStamp(object);
  }

  /** True when some pool of this process marked `object`. */
  static isMarked(object: object): boolean {
    return typeof object === 'object' && object !== null && #state in object;
  }

  /** The state of a marked object. */
  static stateOf(object: object): number {
    return (object as LeaseStamp).#state;
  }

  /** Sets the state of a marked object. */
  static set(object: object, state: number): void {
    (object as LeaseStamp).#state = state;
  }

  /** Moves `object` from one state to another; false, and nothing changed, when it is not marked or in another state. */
  static move(object: object, from: number, to: number): boolean {
    try {
      if ((object as LeaseStamp).#state !== from) return false;
    } catch {
      // No pool marked it: reading the field of such an object is a TypeError. To ask beforehand costs the common case 1 ns.
      return false;
    }
    (object as LeaseStamp).#state = to;
    return true;
  }

  /** Puts the record of a watched lease on `object`. */
  static attach(object: object, record: LeakRecord): void {
    (object as LeaseStamp).#record = record;
  }

  /** Takes the record of a watched lease off `object`. */
  static detach(object: object): LeakRecord | undefined {
    const record = (object as LeaseStamp).#record;
    (object as LeaseStamp).#record = undefined;
    return record;
  }
}
