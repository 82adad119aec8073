import { mib } from '@plimsoll/memory';
import { expect, test } from 'vitest';
import { runCell } from '../../../../benchmarks/capture/cell.mjs';
import { cgroupRefusal } from '../../../../benchmarks/cgroup/memory-cgroup.mjs';

// Three cells of the matrix that `pnpm bench capture` runs whole; the binary is shared with the machine, so that a kernel kill is a kill and no livelock.
const refusal = cgroupRefusal();
const title = (fact: string): string => (refusal === undefined ? fact : `${fact} [SKIPPED: ${refusal}]`);
const cell = { nodePath: process.execPath, limitBytes: mib(256), ratePerSecond: 40, isPrivate: false };

test.skipIf(refusal !== undefined)(
  title(
    'a timer that leaks 40 MB/s into 256 MiB dies by V8 (134) with an incident that names its file and line',
  ),
  async () => {
    const found = await runCell({ ...cell, scenario: 'timers' });
    expect(found).toMatchObject({ outcome: 'SIGABRT', incidents: 1, valid: true, named: true, faults: [] });
    expect(found.oomKills).toBe(0);
  },
  60_000,
);

test.skipIf(refusal !== undefined)(
  title(
    'Buffers kept at 40 MB/s in 256 MiB die by the kernel (137) after a whole incident of memory outside the heap',
  ),
  async () => {
    const found = await runCell({ ...cell, scenario: 'buffers' });
    expect(found).toMatchObject({ outcome: 'SIGKILL', incidents: 1, valid: true, faults: [] });
    expect(found).toMatchObject({ triggerFits: true, killedInCapture: false });
    // Named or unknown, never a wrong line.
    expect(found.named || found.site === undefined).toBe(true);
  },
  60_000,
);

test.skipIf(refusal !== undefined)(
  title('a service that loads 40 MB at its start and then makes garbage opens no incident and ends with 0'),
  async () => {
    const found = await runCell({ ...cell, scenario: 'healthy' });
    expect(found).toMatchObject({ outcome: 'exit 0', incidents: 0, faults: [], oomKills: 0 });
  },
  60_000,
);
