import { mib } from '@plimsoll/memory';
import { expect, test } from 'vitest';
import { IsolateRoom } from '../../src/isolates/isolate-room.ts';
import type { IsolateRow } from '../../src/isolates/isolate-words.ts';
import type { GuardLog } from '../../src/log/guard-log.ts';

/** What is said at five ticks of a container of 256 MiB with a worker whose heap may have `workerMib`. */
function said(workerMib: number): string[] {
  const lines: string[] = [];
  const log = { write: (_: string, sentence: string) => lines.push(sentence) } as unknown as GuardLog;
  const row: IsolateRow = {
    threadId: 3,
    file: 'pool.js',
    atMs: 0,
    heapUsedBytes: mib(5),
    heapCommittedBytes: mib(6),
    heapLimitBytes: mib(workerMib),
    hasSpoken: false,
  };
  const room = new IsolateRoom(log, () => [row]);
  for (let tick = 0; tick < 5; tick += 1) room.tick(tick * 1000, mib(256));
  return lines;
}

test('a worker that may grow to 4 GiB in a container of 256 MiB is named once, with the remedy', () => {
  const lines = said(4096);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain(
    'may grow to 4 GiB in a container of 256 MiB: the kernel comes first. Give workers resourceLimits from sizeWorker(plan)',
  );
});

test('a worker of 64 MiB in 256 MiB is no word worth', () => {
  expect(said(64)).toEqual([]);
});
