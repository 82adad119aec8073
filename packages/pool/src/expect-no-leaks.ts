import { PlimsollError } from '@plimsoll/memory/holders';
import type { HeldLease, LeaseWatch } from './leak-detector.ts';

/** A pool that can account for its leases: every pool of this package. */
export interface LeaseAccountable {
  /** The `name` option. */
  readonly name: string;
  /** Leases that are out now. */
  readonly leasedCount: number;
  /** The leases that are out, as far as the pool knows them singly; with a stack for those that were watched. */
  heldLeases(): HeldLease[];
  /** Watches every lease taken until the result is disposed. */
  watchEveryLease(): LeaseWatch;
}

/**
 * Passes when every lease of `pool` has come back; needs no collection. With `body`, watches every lease taken while it runs and counts only those, so the
 * error has the stack of each.
 * @throws ERR_PLIMSOLL_LEASE with the label and stack of every lease that is still out; rejects with what `body` threw, if it did.
 * @example await expectNoLeaks(database, () => handler(request));
 */
export async function expectNoLeaks(pool: LeaseAccountable, body?: () => unknown): Promise<void> {
  if (body === undefined) {
    if (pool.leasedCount > 0) throw leakError(pool.name, pool.leasedCount, pool.heldLeases());
    return;
  }
  const watch = pool.watchEveryLease();
  try {
    await body();
  } finally {
    watch[Symbol.dispose]();
  }
  const held = watch.outstanding();
  if (held.length > 0) throw leakError(pool.name, held.length, held);
}

function leakError(pool: string, leakedCount: number, held: readonly HeldLease[]): PlimsollError {
  const places = held.filter(({ stack }) => stack !== undefined).map(describeHeldLease);
  const unseenCount = leakedCount - places.length;
  if (unseenCount > 0) places.push(`- ${unseenCount} whose acquisition was not watched`);
  return new PlimsollError(
    'ERR_PLIMSOLL_LEASE',
    `${leakedCount} ${leakedCount === 1 ? 'lease' : 'leases'} of pool "${pool}" never came back:\n${places.join('\n')}\nRelease each, or take it with \`using\`.`,
    { details: { pool, leakedCount, held } },
  );
}

/** One lease in words, with its stack. */
export function describeHeldLease({ label, stack, heldMs }: HeldLease): string {
  const age = heldMs === undefined ? '' : `, out for ${heldMs} ms`;
  return `- ${label ?? 'unlabelled'}${age}${stack === undefined ? ', acquisition not watched' : `, taken\n${stack}`}`;
}
