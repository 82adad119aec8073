import { mib, type MemorySample } from '@plimsoll/memory';
import { expect, test } from 'vitest';
import type { HeapPlanner } from '../../src/guard/guard-options.ts';
import { LoweredLimit } from '../../src/heap-limit/lowered-limit.ts';
import type { GuardLog, LogNumbers } from '../../src/log/guard-log.ts';
import { sampleOf } from '../sample.ts';

/** A heap of 150 MiB for every limit from 200 MiB on. */
const plan = (({ limitBytes }) => {
  if (limitBytes < mib(200)) throw new Error('No heap fits.');
  return { limitBytes, oldSpaceBytes: mib(126), heapLimitBytes: mib(150), flags: [], explain: () => '' };
}) satisfies HeapPlanner;

/** A limit that changes with the samples, and what was said and done about it. */
function lowered(samples: readonly Partial<MemorySample>[], maxPauseMs = 1000) {
  const lines: [event: string, sentence: string, numbers: LogNumbers | undefined][] = [];
  let givenBackCount = 0;
  const log = {
    write: (event: string, sentence: string, numbers?: LogNumbers) => lines.push([event, sentence, numbers]),
  } as unknown as GuardLog;
  const giveBack = () => (givenBackCount += 1) > 0;
  const limit = new LoweredLimit({ log, plan, externalBytes: 0, maxPauseMs, giveBack });
  for (const [index, sample] of samples.entries())
    limit.tick(sampleOf({ monotonicMs: index * 1000, ...sample }));
  return { lines, givenBackCount };
}

const from = { limitBytes: mib(512), workingSetBytes: mib(180) };

test('a limit that goes from 512 to 256 MiB gives back once and says that V8’s 199 MiB, of 150 in the plan, need a restart', () => {
  const { lines, givenBackCount } = lowered([
    from,
    from,
    { ...from, limitBytes: mib(256) },
    { ...from, limitBytes: mib(256) },
  ]);
  expect(givenBackCount).toBe(1);
  expect(lines).toEqual([
    [
      'lowered',
      'The memory limit went down from 512 MiB to 256 MiB, working set 180 MiB. Garbage, free pages and the young generation are given back. ' +
        'V8 may still grow to 199 MiB, where the plan has 150 MiB, and workers keep their sizes: both need a restart.',
      {
        limitBytes: mib(256),
        previousLimitBytes: mib(512),
        workingSetBytes: mib(180),
        heapLimitBytes: mib(199),
      },
    ],
  ]);
});

test.each([
  ['a raised limit', { limitBytes: mib(600) }],
  ['a limit that is lower by 1 %', { limitBytes: mib(507) }],
])('%s says nothing', (_, sample) => {
  expect(lowered([from, { ...from, ...sample }])).toEqual({ lines: [], givenBackCount: 0 });
});

test.each([
  [
    '100 of 256 MiB in use',
    { limitBytes: mib(256), workingSetBytes: mib(100) },
    1000,
    'Nothing has to be given back.',
  ],
  [
    'a pause of 126 ms predicted, 100 allowed',
    { limitBytes: mib(256), workingSetBytes: mib(180) },
    100,
    'about 126 ms (PLIMSOLL_MAX_PAUSE 100 ms): not done.',
  ],
])('with %s nothing is given back, and the line says why', (_, sample, maxPauseMs, words) => {
  const { lines, givenBackCount } = lowered([from, sample], maxPauseMs);
  expect(givenBackCount).toBe(0);
  expect(lines[0]?.[1]).toContain(words);
});

test('where no heap fits the new limit, and where V8’s own fits it, the line says so', () => {
  expect(lowered([from, { limitBytes: mib(190), workingSetBytes: mib(10) }]).lines[0]?.[1]).toContain(
    'No heap fits it: V8 may still grow to 199 MiB.',
  );
  expect(lowered([from, { limitBytes: mib(400), heapLimitBytes: mib(140) }]).lines[0]?.[1]).toContain(
    "V8's own limit of 140 MiB fits it.",
  );
});

test('a limit that is lowered three times within a minute gives back once', () => {
  const steps = [400, 300, 250].map((limit) => ({ limitBytes: mib(limit), workingSetBytes: mib(240) }));
  expect(lowered([from, ...steps]).givenBackCount).toBe(1);
});
