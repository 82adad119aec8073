import { PlimsollError } from '@plimsoll/memory/holders';

/**
 * Where what was leased goes back to. The leases of the three pools are classes of their own and not sub-classes of one: what `super()` adds doubles the cost of
 * a lease (8 ns become 16, Node.js 20 and 24).
 */
export interface LeaseOwner<Held> {
  /** Called by a lease as it ends, once; `broken` when its holder says that nobody can use it any more. */
  takeBack(held: Held, broken: boolean): void;
}

/** The error of a lease that is read after its end. */
export function endedError(what: string): PlimsollError {
  return new PlimsollError(
    'ERR_PLIMSOLL_DISPOSED',
    `This lease has ended and its ${what} may be another caller’s by now. Take a new lease.`,
  );
}

/** The error of a lease that is released once more. */
export function releasedError(): PlimsollError {
  return new PlimsollError(
    'ERR_PLIMSOLL_LEASE',
    'This lease was released already. Release each lease once, or leave it to `using`.',
  );
}
