import { type EstimatedBytes, meanEntryBytes, type ScopesOf } from './deep-size.ts';
import { isWalkable, ownKeys, ownValue } from './own-values.ts';

/** A chain of like objects, sized from its first members. */
export interface LinkedList extends EstimatedBytes {
  readonly count: number;
}

const MEMBERS_SIZED = 12;
const LONGEST_COUNT = 4_000_000;
/** Members that are read with care; those after them are of the same class and read plainly: a list may have millions. */
const CAREFUL_COUNT = 8;
/** Steps between two looks at the clock. */
const STEPS_A_LOOK = 4096;

/** What {@link measureLinkedList} may look at. */
export interface ListBounds {
  /** What leads to the list. */
  readonly known: Iterable<object>;
  readonly scopesOf: ScopesOf;
  readonly isTimeLeft: () => boolean;
}

/** Follows `link` from `head`: how long the chain is, and what it holds in all. Ends at a circle, and when the time is up. */
export function measureLinkedList(
  head: object,
  link: string,
  { known, scopesOf, isTimeLeft }: ListBounds,
): LinkedList {
  const sample: object[] = [];
  let count = 0;
  let next: unknown = head;
  // Brent: a list that runs into a circle meets the marker within one round.
  let marker: unknown;
  for (; isWalkable(next) && next !== marker && count < LONGEST_COUNT; next = following(next, link, count)) {
    if (sample.length < MEMBERS_SIZED) sample.push(next);
    if ((count & (count - 1)) === 0) marker = next;
    count += 1;
    if (count % STEPS_A_LOOK === 0 && !isTimeLeft()) break;
  }
  // Each member on its own: its link leads to the next, which is known.
  const { heapBytes, externalBytes } = meanEntryBytes(
    sample.map((member) => ownKeys(member).map((key) => (key === link ? undefined : ownValue(member, key)))),
    new Set<object>([...sample, ...known]),
    scopesOf,
  );
  return { count, heapBytes: heapBytes * count, externalBytes: externalBytes * count };
}

function following(member: object, link: string, count: number): unknown {
  return count < CAREFUL_COUNT ? ownValue(member, link) : (member as Readonly<Record<string, unknown>>)[link];
}
