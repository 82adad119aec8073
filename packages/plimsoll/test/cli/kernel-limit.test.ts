import { expect, test } from 'vitest';
import { cgroupRefusal } from '../../../../benchmarks/cgroup/memory-cgroup.mjs';
import { measureDeath } from '../../../../benchmarks/heap-plan-deaths.mjs';

const reason: string | undefined = cgroupRefusal();
if (reason !== undefined) process.stderr.write(`SKIPPED 2 tests of real kernel limits: ${reason}\n`);
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
