import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { createMemoryGroup, describeWithCgroup, type MemoryGroup } from '../../../../test/cgroup.ts';
import { mib, type MemoryLimit, type MemorySample } from '../../src/index.ts';

const library = new URL('../../dist/index.js', import.meta.url).href;

function useGroup(limitBytes?: number): MemoryGroup {
  const group = createMemoryGroup(limitBytes);
  onTestFinished(() => group[Symbol.dispose]());
  return group;
}

/** What a process in `group` sees. */
async function look(group: MemoryGroup): Promise<{ limit: MemoryLimit; sample: MemorySample; node: number }> {
  const { stdout, stderr } = await group.run(process.execPath, [
    '--input-type=module',
    '-e',
    `import { readMemory, resolveMemoryLimit } from ${JSON.stringify(library)};
     console.log(JSON.stringify({ limit: resolveMemoryLimit(), sample: readMemory(), node: process.constrainedMemory() }));`,
  ]);
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

describeWithCgroup('in real control groups', () => {
  test.each([
    ['1 GiB', mib(1024)],
    ['no limit', undefined],
  ])('a parent of 256 MiB above a child of %s resolves to 256 MiB', async (_, childBytes) => {
    const group = useGroup(mib(256));
    const { limit, sample, node } = await look(group.child('app', childBytes));
    expect(limit.limitBytes).toBe(mib(256));
    expect(limit.origin).toContain(`${group.path}/memory.`);
    expect(sample.limitBytes).toBe(mib(256));
    expect(sample.workingSetBytes).toBeGreaterThan(mib(5));
    expect(sample.workingSetBytes).toBeLessThan(mib(120));
    // What this is for: Node itself sees the child’s own file alone.
    expect(node).toBeGreaterThan(mib(1000));
  });

  test('page cache of a 300 MB file does not reduce headroom, and Node’s own figure falls by it', async () => {
    const group = useGroup(mib(512));
    const folder = mkdtempSync(join(tmpdir(), 'plimsoll-cache-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const file = join(folder, 'data');
    const descriptor = openSync(file, 'w');
    const block = Buffer.alloc(1e6, 1);
    for (let count = 0; count < 300; count += 1) writeSync(descriptor, block);
    // Only a clean page can be dropped, and only a dropped page is charged to whoever reads it next.
    fsyncSync(descriptor);
    closeSync(descriptor);
    spawnSync('dd', [`of=${file}`, 'oflag=nocache', 'conv=notrunc,fdatasync', 'count=0'], {
      stdio: 'ignore',
    });
    const { stdout, stderr } = await group.run(process.execPath, [
      '--input-type=module',
      '-e',
      `import { readSync, openSync } from 'node:fs';
       import { openMemoryReader } from ${JSON.stringify(library)};
       const reader = openMemoryReader();
       const block = Buffer.alloc(1e6);
       const before = { headroom: reader.read().headroomBytes, node: process.availableMemory() };
       const descriptor = openSync(${JSON.stringify(file)});
       while (readSync(descriptor, block) > 0);
       console.log(JSON.stringify([before.headroom - reader.read().headroomBytes, before.node - process.availableMemory()]));`,
    ]);
    expect(stderr).toBe('');
    const [lostBytes, nodeLostBytes] = JSON.parse(stdout) as [number, number];
    expect(nodeLostBytes).toBeGreaterThan(280e6);
    expect(lostBytes).toBeLessThan(10e6);
  });

  test('a limit raised from 256 to 512 MiB, lowered to 200 and taken away is seen at the next tick', async () => {
    const group = useGroup(mib(256));
    const child = group.spawn(process.execPath, [
      '--input-type=module',
      '-e',
      `import { startMemoryMonitor } from ${JSON.stringify(library)};
       const monitor = startMemoryMonitor({ tickMs: 20, fastTickMs: 20 });
       let last = 0;
       monitor.onSample(({ limitBytes }) => { if (limitBytes !== last) console.log(last = limitBytes); });
       process.stdin.resume();
       process.stdin.on('end', () => process.exit());`,
    ]);
    const lines = createInterface({ input: child.stdout ?? process.stdin })[Symbol.asyncIterator]();
    const nextLimit = async () => Number((await lines.next()).value);
    expect(await nextLimit()).toBe(mib(256));
    group.limitBytes = mib(512);
    expect(await nextLimit()).toBe(mib(512));
    group.limitBytes = mib(200);
    expect(await nextLimit()).toBe(mib(200));
    group.limitBytes = undefined;
    expect(await nextLimit()).toBeGreaterThan(mib(1024));
    child.stdin?.end();
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  test('a process that outgrows 64 MiB dies by the kernel, and the group has counted it', async () => {
    const group = useGroup(mib(64));
    const { signal } = await group.run(process.execPath, [
      '-e',
      'const kept = []; for (;;) kept.push(Buffer.alloc(1e6, 1));',
    ]);
    expect(signal).toBe('SIGKILL');
    expect(group.oomKillCount).toBe(1);
    expect(group.peakBytes).toBeGreaterThan(mib(60));
  });

  test('in a cgroup namespace whose mount lies above it, the limit is found by process id', async () => {
    const child = useGroup(mib(256)).child('app', mib(1024));
    const { stdout, stderr } = await child.run('unshare', [
      '--cgroup',
      process.execPath,
      '--input-type=module',
      '-e',
      `import { resolveMemoryLimit } from ${JSON.stringify(library)};
       import { readFileSync } from 'node:fs';
       console.log(JSON.stringify([readFileSync('/proc/self/cgroup', 'utf8'), resolveMemoryLimit().limitBytes]));`,
    ]);
    expect(stderr).toBe('');
    const [own, limitBytes] = JSON.parse(stdout) as [string, number];
    expect(own).toMatch(/^(\d+:memory|0:):\/$/m);
    expect(limitBytes).toBe(mib(256));
  });

  test('under --permission, without /proc, the limit is what Node reports, and a note says so', async () => {
    const group = useGroup(mib(256));
    const flag = process.allowedNodeEnvironmentFlags.has('--permission')
      ? '--permission'
      : '--experimental-permission';
    const { stdout, code } = await group.run(process.execPath, [
      flag,
      `--allow-fs-read=${fileURLToPath(new URL('../../../../', import.meta.url))}*`,
      fileURLToPath(new URL('print-limit.mjs', import.meta.url)),
    ]);
    expect(code).toBe(0);
    const { limit, sample } = JSON.parse(stdout) as { limit: MemoryLimit; sample: MemorySample };
    expect(limit).toMatchObject({ limitBytes: mib(256), source: 'runtime', layout: 'none' });
    expect(limit.notes.join('\n')).toMatch(/ERR_ACCESS_DENIED/);
    expect(sample).toMatchObject({ limitBytes: mib(256), workingSetBytes: sample.rssBytes });
  });
});
