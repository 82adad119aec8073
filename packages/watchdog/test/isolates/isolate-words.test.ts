import { mib } from '@plimsoll/memory';
import { expect, test } from 'vitest';
import { IsolateWords } from '../../src/isolates/isolate-words.ts';

test('what one thread writes another reads from the same buffer', () => {
  const main = new IsolateWords();
  const worker = new IsolateWords(main.buffer);
  const numbers = {
    limitBytes: mib(512),
    workingSetBytes: mib(100),
    rssBytes: mib(110),
    otherProcessesBytes: 0,
    heapGrowthLeftBytes: mib(200),
  };
  main.setProcess(numbers);
  expect(worker.process()).toEqual(numbers);
  const slot = worker.claim(7, 'src/resize.mjs');
  worker.write(slot ?? -1, mib(30), mib(36), mib(40));
  expect(main.rows()).toEqual([
    {
      threadId: 7,
      file: 'src/resize.mjs',
      atMs: expect.any(Number) as number,
      heapUsedBytes: mib(30),
      heapCommittedBytes: mib(36),
      heapLimitBytes: mib(40),
      hasSpoken: false,
    },
  ]);
  expect(main.committedBytes()).toBe(mib(36));
});

test('of 65 workers 64 get a slot, and the next one gets the slot that was given back', () => {
  const words = new IsolateWords();
  const slots = Array.from({ length: 65 }, (_, index) => words.claim(index + 1, ''));
  expect([slots[63], slots[64]]).toEqual([63, undefined]);
  words.release(10);
  expect(words.claim(66, '')).toBe(9);
});

test('a slot that is claimed again has forgotten its last worker', () => {
  const words = new IsolateWords();
  const slot = words.claim(1, 'a-long-name.mjs') ?? -1;
  words.write(slot, mib(1), mib(2), mib(3));
  words.setSpoken(slot);
  words.ask(1);
  expect(words.release(1)).toMatchObject({ heapUsedBytes: mib(1), hasSpoken: true });
  expect(words.claim(2, 'b.mjs')).toBe(slot);
  expect([words.takeAsked(slot), words.committedBytes(), words.rows()]).toEqual([false, 0, []]);
});

test('a worker is asked once for each asking', () => {
  const words = new IsolateWords();
  const slot = words.claim(3, '') ?? -1;
  words.ask(3);
  expect([words.takeAsked(slot), words.takeAsked(slot)]).toEqual([true, false]);
});

test('all workers of a process open one incident within the cooldown', () => {
  const words = new IsolateWords();
  const other = new IsolateWords(words.buffer);
  expect([words.admitIncident(60_000), other.admitIncident(60_000), other.admitIncident(0)]).toEqual([
    true,
    false,
    true,
  ]);
});

test('a name of more than 192 bytes is cut', () => {
  const words = new IsolateWords();
  words.write(words.claim(1, 'x'.repeat(300)) ?? -1, 1, 1, 1);
  expect(words.rows()[0]?.file).toBe('x'.repeat(192));
});

test('with a worker that has ended the slots of the workers it had started are given back', () => {
  const words = new IsolateWords();
  for (const [id, parent] of [
    [1, 0],
    [2, 1],
    [3, 2],
    [4, 0],
  ] as const)
    words.write(words.claim(id, '', parent) ?? -1, 1, 1, 1);
  expect(words.claimedCount()).toBe(2);
  words.release(1);
  expect(words.rows().map(({ threadId }) => threadId)).toEqual([4]);
});
