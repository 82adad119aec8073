import { totalmem } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { mib, openMemoryReader, resolveMemoryLimit } from '../../src/index.ts';
import { buildTree, v2Group } from './fixture-tree.ts';
import { fixtureResidentBytes, otherLayouts, v1Layouts, v2Layouts } from './layouts.ts';

const isRoot = process.getuid?.() === 0;

describe.each([...v1Layouts, ...v2Layouts, ...otherLayouts])('$title', (layout) => {
  // Root reads what is forbidden, so that these rows can run only as somebody else; root tries them by another uid below.
  const needsUser = layout.forbidden !== undefined && isRoot;

  function inTree<T>(use: (root: string) => T): T {
    using tree = buildTree(layout.files);
    for (const path of layout.forbidden ?? []) tree.forbid(path);
    if (!needsUser || process.seteuid === undefined) return use(tree.root);
    process.seteuid(65_534);
    try {
      return use(tree.root);
    } finally {
      process.seteuid(0);
    }
  }

  test('the limit, where it comes from and the layout', () => {
    const limit = inTree((root) => resolveMemoryLimit({ root }));
    expect(limit).toMatchObject({
      limitBytes: layout.limitBytes,
      source: layout.source,
      origin: layout.origin,
      layout: layout.layout,
    });
    expect(limit.candidates.map(({ limitBytes }) => limitBytes)).toEqual(
      limit.candidates.map(({ limitBytes }) => limitBytes).toSorted((a, b) => a - b),
    );
    if (layout.note !== undefined) expect(limit.notes.join('\n')).toMatch(layout.note);
  });

  test('a reading has the same limit, and the working set of the tightest level', () => {
    const sample = inTree((root) => {
      using reader = openMemoryReader({ root });
      return reader.read();
    });
    expect(sample).toMatchObject({
      limitBytes: layout.limitBytes,
      workingSetBytes: layout.workingSetBytes,
      headroomBytes: layout.limitBytes - layout.workingSetBytes,
      rssBytes: fixtureResidentBytes,
      anonymousBytes: mib(30),
      otherProcessesBytes: Math.max(0, layout.workingSetBytes - fixtureResidentBytes),
    });
  });

  test('an override of 64 MiB wins, against the resident memory of this process', () => {
    const overrideBytes = mib(64);
    const [limit, sample] = inTree((root) => {
      using reader = openMemoryReader({ root, overrideBytes });
      return [reader.limit(), reader.read()] as const;
    });
    expect([limit.limitBytes, limit.source, limit.origin]).toEqual([
      overrideBytes,
      'option',
      'PLIMSOLL_LIMIT',
    ]);
    if (sample.limitBytes === overrideBytes) expect(sample.workingSetBytes).toBe(fixtureResidentBytes);
    expect(sample.headroomBytes).toBeLessThanOrEqual(overrideBytes - fixtureResidentBytes);
  });
});

test('a root without /proc, as on macOS and Windows, is the machine’s memory with a note', () => {
  using tree = buildTree({});
  const limit = resolveMemoryLimit({ root: tree.root });
  expect(limit).toMatchObject({
    limitBytes: totalmem(),
    source: 'host',
    origin: 'os.totalmem()',
    layout: 'none',
  });
  expect(limit.notes.join('\n')).toMatch(/no control groups/);
  using reader = openMemoryReader({ root: tree.root });
  const sample = reader.read();
  expect(sample.limitBytes).toBe(totalmem());
  expect(sample.workingSetBytes).toBe(sample.rssBytes);
  expect(sample.rssBytes).toBeGreaterThan(mib(20));
});

test('a limit raised, lowered and taken away is seen at the next reading', () => {
  const path = '/sys/fs/cgroup/app';
  const [{ files } = { files: {} }] = v2Layouts;
  using tree = buildTree({
    ...files,
    '/proc/self/cgroup': '0::/app\n',
    ...v2Group(path, { max: String(mib(512)), usage: mib(100) }),
  });
  using reader = openMemoryReader({ root: tree.root });
  const seen = [`${mib(512)}`, `${mib(1024)}`, `${mib(256)}`, 'max'].map((limit) => {
    tree.write(`${path}/memory.max`, `${limit}\n`);
    return reader.read().limitBytes;
  });
  expect(seen).toEqual([mib(512), mib(1024), mib(256), mib(8 * 1024)]);
});

test('a process that is moved to another group is read there within a second', async () => {
  const [{ files } = { files: {} }] = v2Layouts;
  using tree = buildTree({
    ...files,
    '/proc/self/cgroup': '0::/a\n',
    ...v2Group('/sys/fs/cgroup/a', { max: String(mib(512)), usage: mib(100) }),
    ...v2Group('/sys/fs/cgroup/b', { max: String(mib(300)), usage: mib(50) }),
  });
  using reader = openMemoryReader({ root: tree.root });
  expect(reader.read().limitBytes).toBe(mib(512));
  tree.write('/proc/self/cgroup', '0::/b\n');
  while (reader.read().limitBytes === mib(512)) await sleep(50);
  expect(reader.read()).toMatchObject({ limitBytes: mib(300), workingSetBytes: mib(50) });
});

test('kernel counters: v2 sums max and high over the 3 levels with a limit, takes oom_kill and PSI; v1 has failcnt and oom_kill', () => {
  const v2 = buildTree(v2Layouts[1]?.files ?? {});
  const v1 = buildTree(v1Layouts[1]?.files ?? {});
  using _v2 = v2;
  using _v1 = v1;
  using v2Reader = openMemoryReader({ root: v2.root });
  using v1Reader = openMemoryReader({ root: v1.root });
  expect(v2Reader.read().kernel).toEqual({
    limitHitCount: 21,
    highHitCount: 12,
    oomKillCount: 2,
    stalledRatio: 0.035,
  });
  v1.write('/sys/fs/cgroup/memory/pod/memory.failcnt', '12\n');
  v1.write('/sys/fs/cgroup/memory/pod/app/memory.failcnt', '30\n');
  expect(v1Reader.read().kernel).toEqual({
    limitHitCount: 42,
    highHitCount: 0,
    oomKillCount: 3,
    stalledRatio: Number.NaN,
  });
});
