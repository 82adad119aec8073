import { once } from 'node:events';
import { mib, readGroupProcesses } from '../../src/index.ts';
import { expect, test } from 'vitest';
import { createMemoryGroup, describeWithCgroup } from '../../../../test/cgroup.ts';

const holding =
  'const kept = Buffer.alloc(64 * 2 ** 20, 1); console.log(kept.length); setInterval(() => {}, 1000);';

describeWithCgroup('the processes of a real control group', () => {
  test('one of the group and one of a group below are found with what they hold', async () => {
    using group = createMemoryGroup();
    // A v2 group may hold processes or groups, not both.
    const groups =
      group.version === 1 ? [group, group.child('below')] : [group.child('one'), group.child('two')];
    const children = groups.map((one) =>
      one.spawn(process.execPath, ['-e', holding], { stdio: ['ignore', 'pipe', 'ignore'] }),
    );
    await Promise.all(children.map(({ stdout }) => once(stdout as NodeJS.ReadableStream, 'data')));
    const found = readGroupProcesses(group.path);
    expect(new Set(found.map(({ pid }) => pid))).toEqual(new Set(children.map(({ pid }) => pid)));
    for (const { anonymousBytes, name } of found) {
      expect(anonymousBytes).toBeGreaterThan(mib(64));
      expect(anonymousBytes).toBeLessThan(mib(160));
      expect(name.length).toBeGreaterThan(0);
    }
  });
});

test('a group that is not there has no processes', () => {
  expect(readGroupProcesses('/sys/fs/cgroup/no-such-group')).toEqual([]);
});
