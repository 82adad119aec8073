import { expect, test } from 'vitest';
import { cgroupRefusal } from '../../../../benchmarks/cgroup/memory-cgroup.mjs';
import { measureDeath } from '../../../../benchmarks/heap-plan-deaths.mjs';
import { measureCell } from '../../../../benchmarks/heap-plan.mjs';

const reason: string | undefined = cgroupRefusal();
if (reason !== undefined) process.stderr.write(`SKIPPED 3 tests of real kernel limits: ${reason}\n`);
const title = reason === undefined ? '' : ` [SKIPPED: ${reason}]`;

// How much larger it could be is `pnpm bench heap-plan`; four sizings beside each other are `pnpm bench heap-plan-deaths`.
test.skipIf(reason !== undefined).each([
  [128, 'records'],
  [256, 'sessions'],
])(
  `planned for %i MiB, a leak of %s ends by V8’s own limit, the program’s own pages charged to the container${title}`,
  { timeout: 120_000 },
  async (limitMib, leak) => {
    const cell = { limitMib, nodePath: process.execPath, sizing: 'plan', leak };
    expect(await measureDeath(cell)).toMatchObject({ outcome: 'v8', oomKillCount: 0 });
  },
);

test.skipIf(reason !== undefined)(
  `in 256 MiB with 48 MiB of Buffers, two workers and the heap at their maximum at once, the last words are filed in at most 20 MiB more${title}`,
  { timeout: 240_000 },
  async () => {
    const [major = ''] = process.versions.node.split('.');
    const { runs } = await measureCell({ limitMib: 256, major, workload: 'everything', isQuick: true });
    expect(runs).toMatchObject([{ outcome: 'guard', autopsy: { isFiled: true } }]);
    expect(runs[0].autopsy.addedMib).toBeLessThanOrEqual(20);
  },
);
