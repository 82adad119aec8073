import { mib } from '@plimsoll/memory';
import { describe, expect, test } from 'vitest';
import { runCell } from '../../../../benchmarks/capture/cell.mjs';
import { cgroupRefusal } from '../../../../benchmarks/cgroup/memory-cgroup.mjs';

// Six cells of the matrix that `pnpm bench capture` runs whole, and one healthy service; the binary is shared with the machine, so that a kernel kill is a kill and no
// livelock. They wait more than they work: all run at once.
const refusal = cgroupRefusal();
const title = 'in a real container of 256 MiB';
const cell = { nodePath: process.execPath, limitBytes: mib(256), ratePerSecond: 40, isPrivate: false };
const patienceMs = 90_000;

describe.skipIf(refusal !== undefined)(
  refusal === undefined ? title : `${title} [SKIPPED, 7 cells: ${refusal}]`,
  { concurrent: true },
  () => {
    test.each([
      ['timers', 'sessions kept by a timer'],
      ['async', 'an audit trail kept by an async handler'],
      ['closures', 'listeners that nobody takes off'],
    ])(
      '%s: %s at 40 MB/s die by V8 (134), with one whole incident that names them',
      async (scenario) => {
        const { stderr, ...found } = await runCell({ ...cell, scenario });
        expect(found, stderr).toMatchObject({
          outcome: 'SIGABRT',
          oomKills: 0,
          incidents: 1,
          answer: 'right',
        });
        expect(found).toMatchObject({ valid: true, profile: true, timeline: 'incident', faults: [] });
      },
      patienceMs,
    );

    // Armed in the tick before, V8 grants the larger table and pauses after it: the kernel may come first.
    test.each([
      ['map', 'a Map whose table'],
      ['array', 'an array whose elements'],
    ])(
      '%s: %s outgrow the container in one step: it ends by V8 or the kernel, named beforehand',
      async (scenario) => {
        const { stderr, ...found } = await runCell({ ...cell, scenario });
        expect(['SIGABRT', 'SIGKILL']).toContain(found.outcome);
        expect(found, stderr).toMatchObject({
          incidents: 1,
          answer: 'right',
          valid: true,
          killedInCapture: false,
        });
      },
      patienceMs,
    );

    test(
      'buffers: Buffers kept at 40 MB/s are killed by the kernel (137) after a whole incident of memory outside the heap',
      async () => {
        const { stderr, ...found } = await runCell({ ...cell, scenario: 'buffers' });
        expect(found, stderr).toMatchObject({ outcome: 'SIGKILL', incidents: 1, valid: true, faults: [] });
        expect(found).toMatchObject({ triggerFits: true, killedInCapture: false });
        // Named or unknown, never a wrong line.
        expect(['right', 'unknown']).toContain(found.answer);
      },
      patienceMs,
    );

    test(
      'a service that loads 40 MB at its start and then makes garbage opens no incident and ends with 0',
      async () => {
        const found = await runCell({ ...cell, scenario: 'healthy' });
        expect(found).toMatchObject({ outcome: 'exit 0', incidents: 0, faults: [], oomKills: 0 });
      },
      patienceMs,
    );
  },
);
