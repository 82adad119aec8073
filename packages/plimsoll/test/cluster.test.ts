import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { mib } from '@plimsoll/memory';
import { readIncident } from '@plimsoll/watchdog';
import { expect, test } from 'vitest';
import { createMemoryGroup, describeWithCgroup } from '../../../test/cgroup.ts';
import { plimsoll } from './cli/command.ts';
import { temporaryFolder } from './service.ts';

interface Line {
  readonly role: 'primary' | 'child' | 'ended' | 'well';
  readonly heapLimitBytes?: number;
  readonly pid?: number;
  readonly ending?: number | string;
}

describeWithCgroup('a cluster of two in a control group of 384 MiB', () => {
  test('every process has its share of the heap; the child that leaks dies by V8 with its own incident, and nothing is killed', async () => {
    const incidentDir = join(temporaryFolder(), 'incidents');
    using group = createMemoryGroup(mib(384));
    const program = join(import.meta.dirname, 'programs', 'cluster.mjs');
    const { stdout, stderr } = await group.run(plimsoll, ['run', '--', 'node', program], {
      env: {
        PATH: process.env['PATH'],
        PLIMSOLL_INCIDENT_DIR: incidentDir,
        PLIMSOLL_CHILDREN: '2',
        PLIMSOLL_SNAPSHOT: 'off',
      },
    });
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Line);
    const limits = lines.flatMap(({ heapLimitBytes }) => heapLimitBytes ?? []);
    expect(limits).toHaveLength(3);
    expect(new Set(limits).size).toBe(1);
    expect(limits[0]).toBeLessThan(mib(128));
    const ended = lines.find(({ role }) => role === 'ended');
    expect([ended?.ending, lines.at(-1)?.role]).toEqual(['SIGABRT', 'well']);
    expect(group.oomKillCount).toBe(0);
    const incidents = readdirSync(incidentDir)
      .filter((name) => /^\d{8}T/.test(name))
      .map((name) => readIncident(join(incidentDir, name)));
    const own = incidents.find(({ process: { pid } }) => pid === ended?.pid);
    expect(own?.autopsy?.findings[0]).toMatchObject({ kind: 'container', name: 'carts' });
    // Whoever else opened one says whose growth it was, and names no variable of its own.
    const others = incidents.filter((record) => record !== own);
    expect(others.filter(({ autopsy }) => autopsy !== undefined)).toEqual([]);
    for (const { trigger } of others) expect(trigger.sentence).toContain(`: pid ${ended?.pid} (`);
    expect(stderr.split('\n').filter((line) => line.startsWith('{"plimsoll":"armed"'))).toHaveLength(3);
  });
});
