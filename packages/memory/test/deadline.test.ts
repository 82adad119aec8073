import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { isPlimsollError, withDeadline } from '../src/holders.ts';

test('work that is done within its 1,000 ms is answered, and one that fails within them fails as it does', async () => {
  const deadline = { timeoutMs: 1_000, what: 'the work' };
  expect(await withDeadline(Promise.resolve(7), deadline)).toBe(7);
  await expect(withDeadline(Promise.reject(new Error('broken')), deadline)).rejects.toThrow('broken');
});

test('work that takes longer than its 5 ms is given up by name, and what it answers later goes to `late`', async () => {
  const late: number[] = [];
  const work = sleep(30).then(() => 7);
  const deadline = { timeoutMs: 5, what: 'the work', late: (value: number) => late.push(value) };
  const error: unknown = await withDeadline(work, deadline).then(undefined, (reason: unknown) => reason);
  expect(isPlimsollError(error, 'ERR_PLIMSOLL_TIMEOUT')).toBe(true);
  expect(String(error)).toContain('the work did not settle within 5 ms');
  await work;
  expect(late).toEqual([7]);
});

test('a rejection that comes after the deadline is nobody’s, and not an unhandled one', async () => {
  const work = sleep(20).then(() => Promise.reject(new Error('too late')));
  await expect(withDeadline(work, { timeoutMs: 5, what: 'the work' })).rejects.toThrow('did not settle');
  await sleep(30);
});

test('with Infinity the work itself is the answer', () => {
  const work = Promise.resolve(1);
  expect(withDeadline(work, { timeoutMs: Number.POSITIVE_INFINITY, what: 'the work' })).toBe(work);
});
