import { Buffer } from 'node:buffer';
import { PlimsollError } from '@plimsoll/memory/holders';
import { HttpFault, limitFault, throwIfAborted } from '../fault.ts';
import { checkBound, checkCount, checkFunction } from '../option-check.ts';
import { type ItemSource, openSource, type SourceReader } from '../source/source-reader.ts';

/** What a client asks for, as it stands in a query string. */
export interface PageQuery {
  /** How many items: `?limit=50`. */
  readonly limit?: string | number | undefined;
  /** The `nextCursor` of the page before. */
  readonly cursor?: string | undefined;
  /** Names of the fields wanted: `?fields=id,name`, or a list. */
  readonly fields?: string | readonly string[] | undefined;
}

/** How {@link pageOf} answers. */
export interface PageOptions<T, K> {
  /** Bytes of the items of one page at most, as JSON. A page that would pass it is cut there, and the next one goes on. */
  readonly maxBytes: number;
  /** Items after `after` (from the start when undefined), in the order of their keys; `count` is how many will be looked at. */
  readonly load: (after: K | undefined, count: number) => ItemSource<T> | PromiseLike<ItemSource<T>>;
  /** What the order goes by: a JSON value that no two items share. It is in the cursor, readable and forgeable by the client. */
  readonly keyOf: (item: T) => K;
  /**
   * Says of a key out of a cursor whether `load` may get it: a client can send any JSON value, an object that a database reads as an operator among them.
   * @default a text, a finite number, or a list of these
   */
  readonly isKey?: ((key: unknown) => boolean) | undefined;
  /**
   * Ends the page with ERR_PLIMSOLL_ABORTED, and its source: the client has gone, for example.
   * @default undefined
   */
  readonly signal?: AbortSignal | undefined;
  /**
   * Items when the client names no number.
   * @default 50
   */
  readonly defaultLimit?: number | undefined;
  /**
   * Items a client may ask for; more is answered with this many.
   * @default 1000
   */
  readonly maxLimit?: number | undefined;
  /**
   * Fields a client may choose from. Without it every field goes out, and a client that chooses is refused.
   * @default undefined
   */
  readonly fields?: readonly (keyof T & string)[] | undefined;
}

/** One page for a response. */
export interface Page<T> {
  readonly items: Partial<T>[];
  /** To be given back for the next page; null after the last. */
  readonly nextCursor: string | null;
}

const DEFAULTS = Object.freeze({ defaultLimit: 50, maxLimit: 1000 });

function refuse(parameter: string, expected: string): HttpFault {
  return new HttpFault('ERR_PLIMSOLL_FORMAT', 400, `The query parameter ${parameter} is not ${expected}.`, {
    parameter,
  });
}

function readLimit(given: string | number | undefined, defaultLimit: number, maxLimit: number): number {
  if (given === undefined) return Math.min(defaultLimit, maxLimit);
  const limit = typeof given === 'number' ? given : /^\d{1,9}$/.test(given) ? Number(given) : Number.NaN;
  if (!Number.isSafeInteger(limit) || limit < 1) throw refuse('limit', 'a whole number of at least 1');
  return Math.min(limit, maxLimit);
}

function isScalar(key: unknown): boolean {
  return typeof key === 'string' || (typeof key === 'number' && Number.isFinite(key));
}

function isPlainKey(key: unknown): boolean {
  return isScalar(key) || (Array.isArray(key) && key.length > 0 && key.every(isScalar));
}

function parseCursor(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}

function readCursor<K>(cursor: string | undefined, isKey: (key: unknown) => boolean): K | undefined {
  if (cursor === undefined || cursor === '') return undefined;
  const key = typeof cursor === 'string' ? parseCursor(cursor) : undefined;
  // What the client sent is not repeated: the answer says which parameter.
  if (key === undefined || !isKey(key)) throw refuse('cursor', 'a cursor of this service');
  return key as K;
}

function writeCursor(key: unknown, isKey: (key: unknown) => boolean): string {
  if (!isKey(key)) {
    throw new PlimsollError(
      'ERR_PLIMSOLL_OPTION',
      `keyOf answered a key of type ${key === null ? 'null' : typeof key} that ${isKey === isPlainKey ? 'is no text, finite number or list of these' : 'isKey refuses'}; its cursor would be refused. Pass a keyOf and an isKey that go together.`,
      { details: { option: 'keyOf' } },
    );
  }
  return Buffer.from(JSON.stringify(key)).toString('base64url');
}

function readFields<T>(
  given: string | readonly string[] | undefined,
  offered: readonly (keyof T & string)[] | undefined,
): readonly string[] | undefined {
  if (given === undefined || given.length === 0) return offered;
  const wanted = typeof given === 'string' ? given.split(',') : given;
  if (wanted.every((name) => (offered as readonly string[] | undefined)?.includes(name) === true))
    return wanted;
  throw refuse(
    'fields',
    offered === undefined ? 'known here: this list has no choice of fields' : `of: ${offered.join(', ')}`,
  );
}

function select<T>(item: T, fields: readonly string[] | undefined): Partial<T> {
  if (fields === undefined) return item;
  const source = item as Record<string, unknown>;
  return Object.fromEntries(
    fields.flatMap((name) => (Object.hasOwn(source, name) ? [[name, source[name]]] : [])),
  ) as Partial<T>;
}

/** Gathers until the page is full, in items or bytes; one item more shows whether there is a next page. */
async function gather<T, K>(
  items: SourceReader<T>,
  limit: number,
  fields: readonly string[] | undefined,
  { maxBytes, keyOf, isKey = isPlainKey, signal }: PageOptions<T, K>,
): Promise<Page<T>> {
  const page: Partial<T>[] = [];
  let pageBytes = 2;
  let lastKey: K | undefined;
  for (;;) {
    const { done, value } = await items.next();
    throwIfAborted('pageOf', signal);
    if (done === true) return { items: page, nextCursor: null };
    const chosen = select(value, fields);
    const itemBytes = Buffer.byteLength(JSON.stringify(chosen) ?? '') + 1;
    if (page.length === 0 && itemBytes + 2 > maxBytes) {
      throw limitFault('One item', 'maxBytes', maxBytes, itemBytes + 2);
    }
    if (page.length === limit || pageBytes + itemBytes > maxBytes) {
      return { items: page, nextCursor: writeCursor(lastKey, isKey) };
    }
    page.push(chosen);
    pageBytes += itemBytes;
    lastKey = keyOf(value);
  }
}

/**
 * One page of a list for a response: at most `limit` items and `maxBytes` bytes, the chosen fields only, and the cursor of the next. Reads one item more than
 * it returns, and ends the source.
 * @throws ERR_PLIMSOLL_OPTION; ERR_PLIMSOLL_FORMAT (`statusCode` 400) for a query that is none; ERR_PLIMSOLL_LIMIT for one item above `maxBytes`;
 * ERR_PLIMSOLL_ABORTED.
 */
export async function pageOf<T, K>(query: PageQuery, options: PageOptions<T, K>): Promise<Page<T>> {
  checkBound('maxBytes', options?.maxBytes);
  checkFunction('load', options.load, 'Pass (after, count) => items.');
  checkFunction('keyOf', options.keyOf, 'Pass (item) => key.');
  const maxLimit = checkCount('maxLimit', options.maxLimit ?? DEFAULTS.maxLimit);
  const defaultLimit = checkCount('defaultLimit', options.defaultLimit ?? DEFAULTS.defaultLimit);
  const limit = readLimit(query.limit, defaultLimit, maxLimit);
  const fields = readFields<T>(query.fields, options.fields);
  const { isKey = isPlainKey, signal } = options;
  checkFunction('isKey', isKey, 'Pass (key) => boolean.');
  throwIfAborted('pageOf', signal);
  const items = openSource(await options.load(readCursor<K>(query.cursor, isKey), limit + 1));
  const onAbort = (): void => void items.cancel(signal?.reason);
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    throwIfAborted('pageOf', signal);
    return await gather(items, limit, fields, options);
  } finally {
    signal?.removeEventListener('abort', onAbort);
    await items.cancel();
  }
}
