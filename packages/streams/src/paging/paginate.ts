import type { Flow } from '../flow/flow.ts';
import type { FlowOptions } from '../flow/flow-options.ts';
import { generatedFlow, type Workbench } from '../flow/generated-flow.ts';
import { formatFault, HttpFault } from '../fault.ts';
import { checkCount, checkFunction } from '../option-check.ts';

/** One page of a cursor source. */
export interface CursorPage<T, C> {
  readonly items: readonly T[];
  /** Where the next page begins; undefined or null after the last. */
  readonly nextCursor?: C | null | undefined;
}

interface PagingOptions<T> extends FlowOptions {
  /**
   * Items of one page at most; a larger page ends the flow. Two pages are held: the one being read and the one loaded ahead.
   * @default 10000
   */
  readonly maxPageItems?: number | undefined;
  /**
   * Bytes of one item, for the account in the process's budget.
   * @default undefined: the pages are not counted
   */
  readonly sizeOf?: ((item: T) => number) | undefined;
}

/** A source whose pages follow each other by a cursor. */
export interface CursorSource<T, C> extends PagingOptions<T> {
  /** Loads the page at `cursor`; undefined for the first. The signal is aborted when the flow ends early. */
  readonly loadPage: (
    cursor: C | undefined,
    context: { readonly signal: AbortSignal },
  ) => Promise<CursorPage<T, C>>;
}

/** A source read by offset and count; it ends with the first page that is not full. */
export interface OffsetSource<T> extends PagingOptions<T> {
  /** Items asked for at a time. */
  readonly pageItems: number;
  /** Loads up to `count` items from `offset`. The signal is aborted when the flow ends early. */
  readonly loadAt: (
    offset: number,
    count: number,
    context: { readonly signal: AbortSignal },
  ) => Promise<readonly T[]>;
}

const DEFAULTS = Object.freeze({ maxPageItems: 10_000 });

/** A page, or the failure to load it: one loaded ahead may fail while nobody waits for it. */
type Loaded<T, C> = { readonly page: CursorPage<T, C> } | { readonly error: unknown };

type Load<T, C> = (cursor: C | undefined) => Promise<CursorPage<T, C>>;

async function attempt<T, C>(load: Load<T, C>, cursor: C | undefined): Promise<Loaded<T, C>> {
  try {
    return { page: await load(cursor) };
  } catch (error) {
    return { error };
  }
}

function checkPage<T, C>(page: CursorPage<T, C>, maxPageItems: number): void {
  if (!Array.isArray(page?.items)) {
    throw formatFault('A page has no array of items; loadPage answers { items, nextCursor }.', {
      reason: 'page',
    });
  }
  if (page.items.length > maxPageItems) {
    throw new HttpFault(
      'ERR_PLIMSOLL_LIMIT',
      413,
      `A page holds ${page.items.length} items, more than maxPageItems = ${maxPageItems}. Ask the source for smaller pages, or raise maxPageItems.`,
      { option: 'maxPageItems', maxPageItems, itemCount: page.items.length },
    );
  }
}

/** Notices cursors that lead in a circle of any length, by comparing each with one that is moved on at ever longer steps (Brent, 1980): one cursor is kept. */
class CircleGuard<C> {
  #marked: C | undefined;
  #steps = 0;
  #stride = 1;

  /** @throws ERR_PLIMSOLL_FORMAT at the latest two circles and a half into it. */
  follow(cursor: C | undefined): void {
    if (cursor === undefined) return;
    if (cursor === this.#marked) {
      throw formatFault('The cursors of the pages lead in a circle; following them would never end.', {
        reason: 'cursor-circle',
      });
    }
    this.#steps += 1;
    if (this.#steps < this.#stride) return;
    this.#marked = cursor;
    this.#stride *= 2;
    this.#steps = 0;
  }
}

async function* pages<T, C>(
  bench: Workbench,
  load: Load<T, C>,
  maxPageItems: number,
  sizeOf: ((item: T) => number) | undefined,
): AsyncGenerator<T, void, undefined> {
  const weigh = (items: readonly T[]): number =>
    sizeOf === undefined ? 0 : items.reduce((bytes, item) => bytes + sizeOf(item), 0);
  const circle = new CircleGuard<C>();
  let cursor: C | undefined;
  let loading: Promise<Loaded<T, C>> | undefined = attempt(load, cursor);
  while (loading !== undefined) {
    const loaded: Loaded<T, C> = await loading;
    if ('error' in loaded) throw loaded.error;
    const page: CursorPage<T, C> = loaded.page;
    checkPage(page, maxPageItems);
    cursor = page.nextCursor ?? undefined;
    circle.follow(cursor);
    // The next page is on its way while this one is used; it is not more than one ahead.
    loading = cursor === undefined ? undefined : attempt(load, cursor);
    bench.holding.bytes = weigh(page.items);
    for (const item of page.items) yield item;
  }
}

/**
 * All items of a paged source, one by one; one page is loaded ahead while another is used.
 * @throws ERR_PLIMSOLL_OPTION at the call. While reading: ERR_PLIMSOLL_LIMIT for a page above `maxPageItems`, ERR_PLIMSOLL_FORMAT for a page that is none or
 * whose cursors lead in a circle, and what the loader throws, unchanged, after the items before it.
 */
export function paginate<T, C = string>(source: CursorSource<T, C> | OffsetSource<T>): Flow<T> {
  const maxPageItems = checkCount('maxPageItems', source?.maxPageItems ?? DEFAULTS.maxPageItems);
  const { sizeOf } = source;
  if ('loadAt' in source) {
    const { loadAt } = source;
    const pageItems = checkCount('pageItems', source.pageItems);
    checkFunction('loadAt', loadAt, 'Pass (offset, count) => items.');
    return generatedFlow('paginate', source, (bench) => {
      const load: Load<T, number> = async (offset = 0) => {
        const items = await loadAt(offset, pageItems, { signal: bench.ended });
        return { items, nextCursor: items.length < pageItems ? undefined : offset + items.length };
      };
      return pages(bench, load, Math.max(maxPageItems, pageItems), sizeOf);
    });
  }
  const { loadPage } = source;
  checkFunction('loadPage', loadPage, 'Pass (cursor) => ({ items, nextCursor }), or loadAt and pageItems.');
  return generatedFlow('paginate', source, (bench) => {
    const load: Load<T, C> = (cursor) => loadPage(cursor, { signal: bench.ended });
    return pages(bench, load, maxPageItems, sizeOf);
  });
}
