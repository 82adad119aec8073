import { fileURLToPath } from 'node:url';
import { test } from 'vitest';
import { createMemoryGroup, describeWithCgroup } from '../../../../test/cgroup.ts';
import { mib } from '../../src/index.ts';

const program = fileURLToPath(new URL('growing-process.mjs', import.meta.url));

/** Lets a process grow to its death in 256 MiB under a heap planned for that, and returns what it said and how it ended. */
async function dieOf(kind: 'objects' | 'buffers') {
  using group = createMemoryGroup(mib(256));
  const flags = ['--max-old-space-size=165', '--max-semi-space-size=8'];
  const { stdout, code, signal } = await group.run(process.execPath, [...flags, program, kind]);
  const events = stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { level: string; headroomBytes: number; reason: string });
  const { oomKillCount } = group;
  return { events, end: { code, signal, oomKillCount }, levels: events.map(({ level }) => level) };
}

describeWithCgroup('growing to death in 256 MiB', () => {
  test.concurrent('by objects: terminal is told before V8 ends the process, and the kernel kills nothing', async ({
    expect,
  }) => {
    const { events, levels, end } = await dieOf('objects');
    expect(levels.at(-1)).toBe('terminal');
    expect(events.at(-1)?.headroomBytes).toBeGreaterThan(mib(20));
    expect(end).toEqual({ code: null, signal: 'SIGABRT', oomKillCount: 0 });
  });

  test.concurrent('by Buffers: terminal is told before the kernel kills', async ({ expect }) => {
    const { events, levels, end } = await dieOf('buffers');
    expect(levels.at(-1)).toBe('terminal');
    expect(events.at(-1)?.headroomBytes).toBeGreaterThan(mib(4));
    expect(end).toEqual({ code: null, signal: 'SIGKILL', oomKillCount: 1 });
  });
});
