import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { pageOf, type PageOptions, type PageQuery } from '../../src/index.ts';

interface User {
  readonly id: number;
  readonly name: string;
  readonly password: string;
}

const users: User[] = Array.from({ length: 100 }, (_, id) => ({
  id,
  name: `user ${id}`,
  password: 'secret',
}));

function options(change: Partial<PageOptions<User, number>> = {}): PageOptions<User, number> {
  return {
    maxBytes: 10_000,
    fields: ['id', 'name'],
    keyOf: ({ id }) => id,
    load: (after, count) => users.filter(({ id }) => after === undefined || id > after).slice(0, count),
    ...change,
  };
}

async function follow(
  query: PageQuery,
  change?: Partial<PageOptions<User, number>>,
): Promise<Partial<User>[][]> {
  const list: Partial<User>[][] = [];
  for (let cursor: string | null | undefined; cursor !== null;) {
    const page = await pageOf({ ...query, cursor }, options(change));
    list.push(page.items);
    cursor = page.nextCursor;
  }
  return list;
}

test('following the cursors gives every item once, whatever the limit and the bytes of a page', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 120 }),
      fc.integer({ min: 60, max: 3000 }),
      async (limit, maxBytes) => {
        const pages = await follow({ limit: String(limit) }, { maxBytes });
        expect(pages.flat().map(({ id }) => id)).toEqual(users.map(({ id }) => id));
        for (const page of pages) {
          expect(page.length).toBeLessThanOrEqual(limit);
          expect(Buffer.byteLength(JSON.stringify(page))).toBeLessThanOrEqual(maxBytes);
        }
      },
    ),
    { numRuns: 100 },
  );
});

test('50 items by default, at most 1000, and only the fields that are offered', async () => {
  const page = await pageOf({}, options());
  expect([page.items.length, page.items[0]]).toEqual([50, { id: 0, name: 'user 0' }]);
  const chosen = await pageOf({ limit: 1e9, fields: 'name' }, options({ maxLimit: 3 }));
  expect(chosen.items).toEqual([{ name: 'user 0' }, { name: 'user 1' }, { name: 'user 2' }]);
});

test('the last page says so with null, also when it is full', async () => {
  expect((await pageOf({ limit: 100 }, options())).nextCursor).toBeNull();
  expect((await pageOf({ limit: 99 }, options())).nextCursor).not.toBeNull();
  expect(await pageOf({}, options({ load: () => [] }))).toEqual({ items: [], nextCursor: null });
});

test.each([
  [{ limit: '0' }, 'limit'],
  [{ limit: '1e3' }, 'limit'],
  [{ limit: '-5' }, 'limit'],
  [{ cursor: '%%%' }, 'cursor'],
  [{ fields: 'id,password' }, 'fields'],
  [{ fields: '__proto__' }, 'fields'],
])('%o is a 400 that names the parameter and does not repeat it', async (query, parameter) => {
  const error = await pageOf(query, options()).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ statusCode: 400, details: { parameter } });
  expect(String(error)).not.toContain('password');
});

test('one item above the bytes of a page is an error, not an endless list of empty pages', async () => {
  await expect(pageOf({}, options({ maxBytes: 10 }))).rejects.toMatchObject({ code: 'ERR_PLIMSOLL_LIMIT' });
});

test('the source is ended after the page', async () => {
  let isEnded = false;
  async function* load(): AsyncGenerator<User> {
    try {
      yield* users;
    } finally {
      isEnded = true;
    }
  }
  await pageOf({ limit: 2 }, options({ load }));
  expect(isEnded).toBe(true);
});

test('a forged cursor that is an object never reaches load, unless isKey takes it', async () => {
  const forge = (key: unknown): string => Buffer.from(JSON.stringify(key)).toString('base64url');
  const asked: unknown[] = [];
  const load = (after: unknown): User[] => {
    asked.push(after);
    return [];
  };
  for (const key of [{ $gt: '' }, [[1]], null, true, []]) {
    await expect(pageOf({ cursor: forge(key) }, options({ load }))).rejects.toMatchObject({
      statusCode: 400,
    });
  }
  await expect(pageOf({ cursor: 'not base64 of JSON' }, options({ load }))).rejects.toMatchObject({
    statusCode: 400,
  });
  expect(asked).toEqual([]);
  await pageOf({ cursor: forge(['2026', 7]) }, options({ load }));
  await pageOf({ cursor: forge({ day: 1 }) }, options({ load, isKey: () => true }));
  expect(asked).toEqual([['2026', 7], { day: 1 }]);
});

test('a key that its own cursor could not bring back is a fault of the service, told at the first page', async () => {
  const keyOf = (user: User): number => ({ user }) as never;
  await expect(pageOf({ limit: 1 }, options({ keyOf }))).rejects.toMatchObject({
    code: 'ERR_PLIMSOLL_OPTION',
  });
});

test('the signal ends a page and its source', async () => {
  const controller = new AbortController();
  let isEnded = false;
  async function* slow(): AsyncGenerator<User> {
    try {
      yield users[0] as User;
      controller.abort(new Error('gone'));
      yield users[1] as User;
    } finally {
      isEnded = true;
    }
  }
  const page = pageOf({}, options({ load: slow, signal: controller.signal }));
  await expect(page).rejects.toMatchObject({ code: 'ERR_PLIMSOLL_ABORTED' });
  expect(isEnded).toBe(true);
});
