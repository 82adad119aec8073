import { expect, test } from 'vitest';
import { cgroupRefusal } from '../../../../benchmarks/cgroup/memory-cgroup.mjs';
import { measureGrowth } from '../../../../benchmarks/heap-growth.mjs';

const reason: string | undefined = cgroupRefusal();
if (reason !== undefined)
  process.stderr.write(`SKIPPED 4 tests of a container that is resized in place: ${reason}\n`);
const title = reason === undefined ? '' : ` [SKIPPED: ${reason}]`;

// Workers, an inspector client and the other versions of Node.js are in `pnpm bench heap-growth`.
const cases = [
  ['grown', { outcome: 'kept 140 MiB', grown: true, oomKillCount: 0 }],
  // 192 MiB are less than V8 would allow itself: four times the old space.
  ['little', { outcome: 'ended at the limit', grown: true, oomKillCount: 0 }],
  ['own-flag', { outcome: 'ended at the limit', grown: false, oomKillCount: 0 }],
  ['same', { outcome: 'ended at the limit', grown: false, oomKillCount: 0 }],
] as const;

for (const [form, expected] of cases) {
  test.skipIf(reason !== undefined)(
    `a heap of 53 MiB that needs 140, in a container of 128 MiB that is raised to 512, to 192 or not: ${form}${title}`,
    async () => {
      expect(await measureGrowth({ nodePath: process.execPath, form })).toEqual({ form, ...expected });
    },
  );
}
