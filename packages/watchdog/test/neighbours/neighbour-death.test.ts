import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { mib } from '@plimsoll/memory';
import { expect, test } from 'vitest';
import { createMemoryGroup, describeWithCgroup } from '../../../../test/cgroup.ts';
import { readIncident } from '../../src/index.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const program = join(import.meta.dirname, 'programs', 'beside-a-grower.mjs');

describeWithCgroup('beside another process in a control group of 300 MiB', () => {
  test('the one that grows is named by its pid, and no variable of this process is', async () => {
    const incidentDir = temporaryFolder();
    using group = createMemoryGroup(mib(300));
    const { stdout, stderr } = await group.run(
      process.execPath,
      ['--max-old-space-size=150', program, incidentDir],
      { env: { PATH: process.env['PATH'] } },
    );
    const [pid, ending] = stdout.trim().split('\n');
    expect(ending).toBe('SIGKILL 60000');
    const [name = ''] = readdirSync(incidentDir).filter((entry) => /^\d{8}T/.test(entry));
    const folder = join(incidentDir, name);
    const record = readIncident(folder);
    expect(record.trigger.sentence).toMatch(
      new RegExp(
        `Another process of this cgroup grows: pid ${pid} \\(.+\\) by [\\d.]+ MiB in \\d+ s to [\\d.]+ MiB\\.$`,
      ),
    );
    expect(record.neighbours?.rows[0]?.pid).toBe(Number(pid));
    expect(record.autopsy).toBeUndefined();
    expect(record.cause).toContain(`: pid ${pid} (`);
    expect([...new Set(record.captures.map(({ rung }) => rung))]).toEqual(['profile']);
    expect(readFileSync(join(folder, 'README.txt'), 'utf8')).toContain(`  pid ${pid} (`);
    expect(stderr).toContain(`Another process of this cgroup grows: pid ${pid} `);
  });
});
