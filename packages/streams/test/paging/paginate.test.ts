import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { paginate } from '../../src/index.ts';
import { codeOf } from '../pieces.ts';

const items = Array.from({ length: 25 }, (_, id) => id);

function cursorSource(pageItems: number): {
  loads: string[];
  loadPage: (cursor: string | undefined) => Promise<{ items: number[]; nextCursor?: string }>;
} {
  const loads: string[] = [];
  return {
    loads,
    loadPage: async (cursor) => {
      await setImmediate();
      loads.push(cursor ?? 'first');
      const from = Number(cursor ?? 0);
      const next = from + pageItems;
      return { items: items.slice(from, next), ...(next < items.length ? { nextCursor: String(next) } : {}) };
    },
  };
}

test('all items of 3 pages by cursor, and of 3 by offset, in order', async () => {
  const source = cursorSource(10);
  expect(await paginate(source).toArray()).toEqual(items);
  expect(source.loads).toEqual(['first', '10', '20']);
  const asked: number[] = [];
  const byOffset = paginate({
    pageItems: 10,
    loadAt: async (offset, count) => {
      await setImmediate();
      asked.push(offset);
      return items.slice(offset, offset + count);
    },
  });
  expect(await byOffset.toArray()).toEqual(items);
  expect(asked).toEqual([0, 10, 20]);
});

test('one page is loaded ahead, not two', async () => {
  const source = cursorSource(5);
  const flow = paginate(source);
  await flow.next();
  for (let turn = 0; turn < 10; turn++) await setImmediate();
  expect(source.loads).toEqual(['first', '5']);
  await flow.return();
});

test('a consumer that stops aborts the page under way', async () => {
  let isAborted = false;
  const flow = paginate<number>({
    loadPage: (cursor, { signal }) => {
      if (cursor === undefined) return Promise.resolve({ items: [1], nextCursor: 'next' });
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          isAborted = true;
          reject(new Error('aborted'));
        });
      });
    },
  });
  await flow.next();
  await flow.return();
  expect(isAborted).toBe(true);
});

test('a page that fails while loaded ahead is told after the items before it', async () => {
  const flow = paginate<number>({
    loadPage: (cursor) =>
      cursor === undefined
        ? Promise.resolve({ items: [1, 2], nextCursor: 'x' })
        : Promise.reject(new Error('503')),
  });
  expect([(await flow.next()).value, (await flow.next()).value]).toEqual([1, 2]);
  await expect(flow.next()).rejects.toThrow('503');
});

test('a page above maxPageItems and a page that is none are refused', async () => {
  expect(await codeOf(paginate({ maxPageItems: 9, ...cursorSource(10) }).toArray())).toBe(
    'ERR_PLIMSOLL_LIMIT',
  );
  expect(
    await codeOf(paginate({ loadPage: () => Promise.resolve({ items: [1], nextCursor: 'same' }) }).toArray()),
  ).toBe('ERR_PLIMSOLL_FORMAT');
  expect(await codeOf(paginate({ loadPage: () => Promise.resolve({} as never) }).toArray())).toBe(
    'ERR_PLIMSOLL_FORMAT',
  );
  expect(() => paginate({} as never)).toThrow(/^loadPage is "undefined"; expected a function/);
});

test.each([1, 2, 3, 10])('cursors that lead in a circle of %i pages end the flow', async (circle) => {
  const source = {
    loadPage: (cursor: string | undefined) => {
      const page = cursor === undefined ? 0 : Number(cursor) + 1;
      return Promise.resolve({
        items: [page],
        nextCursor: String(page < 5 ? page : 5 + ((page - 5) % circle)),
      });
    },
  };
  await expect(paginate(source).toArray()).rejects.toMatchObject({ details: { reason: 'cursor-circle' } });
});
