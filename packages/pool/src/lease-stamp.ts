import type { LeakRecord } from './leak-detector.ts';

/** The state's property. {@link ObjectPool} reads and writes it itself, where it is a constant of the module: through a method it costs a tenth of a lease. */
export const stateKey: unique symbol = Symbol('plimsoll pool state');
const recordKey: unique symbol = Symbol('plimsoll pool record');

/** An object that some pool of this process may have marked. */
export interface Stamped {
  [stateKey]?: number;
  [recordKey]?: LeakRecord | undefined;
}

/**
 * What a pool keeps on an object it gave out: two properties of the object itself, under symbols that nobody else has and not enumerable, so that JSON, copies,
 * structured clones, comparisons and printing pass them by. They need no Set or Map beside the pool, which would cost five times the rest of a lease, and do not
 * keep a lost object alive. Private fields on the object would be hidden from reflection as well, and cost 1.5 ns more of a lease of 10 (Node.js 20 and 24).
 *
 * The state is a small integer that means something to one pool only: small integers are written without a write barrier.
 */
export class LeaseStamp {
  /** Gives `object` the two properties. Throws a TypeError when it has them already, from a pool's `create` before, or takes none. */
  static mark(object: object, state: number): void {
    if (LeaseStamp.isMarked(object)) throw new TypeError('It was marked already.');
    // Both at once: one that came later would change the object's shape, and with it all code that is compiled for it.
    Object.defineProperty(object, stateKey, { value: state, writable: true });
    Object.defineProperty(object, recordKey, { value: undefined, writable: true });
  }

  /** True when some pool of this process marked `object`. */
  static isMarked(object: object | null | undefined): boolean {
    return object !== null && object !== undefined && Object.hasOwn(object, stateKey);
  }

  /** Puts the record of a watched lease on `object`. */
  static attach(object: object, record: LeakRecord): void {
    (object as Stamped)[recordKey] = record;
  }

  /** Takes the record of a watched lease off `object`. */
  static detach(object: object): LeakRecord | undefined {
    const record = (object as Stamped)[recordKey];
    (object as Stamped)[recordKey] = undefined;
    return record;
  }
}
