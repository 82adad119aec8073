import { mib } from '@plimsoll/memory';
import { expect, test } from 'vitest';
import { runCell } from '../../../../benchmarks/capture/cell.mjs';
import { cgroupRefusal } from '../../../../benchmarks/cgroup/memory-cgroup.mjs';

const refusal = cgroupRefusal();
const title = (fact: string): string => (refusal === undefined ? fact : `${fact} [SKIPPED: ${refusal}]`);

test.skipIf(refusal !== undefined)(
  title(
    'a timer that leaks 40 MB/s into 256 MiB dies by V8 (134) with an incident that names its file and line',
  ),
  async () => {
    const cell = await runCell({
      scenario: 'timers',
      limitBytes: mib(256),
      nodePath: process.execPath,
      ratePerSecond: 40,
      isPrivate: false,
    });
    expect(cell).toMatchObject({
      outcome: 'SIGABRT',
      incidents: 1,
      valid: true,
      named: true,
      faults: [],
      oomKills: 0,
    });
  },
  60_000,
);
