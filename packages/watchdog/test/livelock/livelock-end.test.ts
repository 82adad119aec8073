import { join } from 'node:path';
import { mib } from '@plimsoll/memory';
import { expect, test } from 'vitest';
import { MemoryCgroup, cgroupRefusal } from '../../../../benchmarks/cgroup/memory-cgroup.mjs';
import { privateProgram } from '../../../../benchmarks/cgroup/private-program.mjs';
import { listIncidents, readIncident } from '../../src/index.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const program = join(import.meta.dirname, 'programs', 'gets-stuck.mjs');
const refusal = cgroupRefusal();
const title = (fact: string): string => (refusal === undefined ? fact : `${fact} [SKIPPED: ${refusal}]`);

test.skipIf(refusal !== undefined)(
  title(
    'a service that would get stuck at 14 MiB of headroom is ended in order with 75, its incident written, instead of standing still for ever',
  ),
  async () => {
    const node = privateProgram(process.execPath);
    const group = new MemoryCgroup(mib(256));
    try {
      const incidentDir = temporaryFolder();
      const ended = await group.run(node.path, [program, incidentDir], {
        timeoutMs: 40_000,
        env: { PATH: process.env['PATH'], PLIMSOLL_END: 'ordered', PLIMSOLL_END_DEADLINE: '2s' },
      });
      expect(ended).toMatchObject({ code: 75, timedOut: false, livelocked: false });
      const [incident] = listIncidents(incidentDir);
      const record = readIncident(incident?.path ?? '');
      expect(record.ending).toMatchObject({ exitCode: 75 });
      expect(ended.stderr).toContain('"plimsoll":"ending"');
    } finally {
      group.remove();
      node.remove();
    }
  },
);
