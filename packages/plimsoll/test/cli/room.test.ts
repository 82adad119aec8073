import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../service.ts';
import { plimsoll, runToEnd } from './command.ts';

const mib = (count: number): string => String(count * 2 ** 20);

/** What bin/plimsoll reads, in a folder that stands for the root; its own program is a stub that says `started`. */
function runIn(files: Readonly<Record<string, string>>): { code: number | null; out: string; err: string } {
  const root = temporaryFolder();
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  const script = readFileSync(plimsoll, 'utf8')
    .replaceAll('/sys/fs/cgroup', join(root, 'cgroup'))
    .replaceAll('/proc/self/cgroup', join(root, 'self'));
  mkdirSync(join(root, 'bin'));
  mkdirSync(join(root, 'dist', 'cli'), { recursive: true });
  writeFileSync(join(root, 'dist', 'cli', 'main.js'), 'process.stdout.write("started")');
  writeFileSync(join(root, 'bin', 'plimsoll'), script);
  const { code, out, err } = runToEnd(['sh', join(root, 'bin', 'plimsoll'), 'top']);
  return { code, out, err };
}

const version2 = (limit: string, used: number, cached: number): Record<string, string> => ({
  'memory.max': `${limit}\n`,
  'memory.current': `${mib(used)}\n`,
  'memory.stat': `anon 1\ninactive_file ${mib(cached)}\nactive_file 7\n`,
});
const version1 = (limit: string, used: number, cached: number): Record<string, string> => ({
  'memory.limit_in_bytes': `${limit}\n`,
  'memory.usage_in_bytes': `${mib(used)}\n`,
  'memory.stat': `cache 1\ninactive_file 0\ntotal_inactive_file ${mib(cached)}\n`,
});
const under = (folder: string, files: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(files).map(([name, text]) => [`cgroup/${folder}${name}`, text]));

test.each([
  ['v2, 11 MiB left', { self: '0::/\n', ...under('', version2(mib(256), 245, 0)) }, 11],
  ['v2, 5 MiB of cache among 250 used', { self: '0::/\n', ...under('', version2(mib(256), 250, 5)) }, 11],
  ['v2 in a slice', { self: '0::/a.slice/b\n', ...under('a.slice/b/', version2(mib(64), 60, 0)) }, 4],
  [
    'v1, the host path not mounted',
    { self: '9:cpu:/\n4:memory:/docker/1\n', ...under('memory/', version1(mib(128), 120, 1)) },
    9,
  ],
  [
    'v1, above its limit',
    { self: '4:cpu,memory:/x\n0::/\n', ...under('memory/x/', version1(mib(128), 130, 0)) },
    -2,
  ],
])('%s: top is not started', (_, files, leftMib) => {
  const { code, out, err } = runIn(files);
  expect({ code, out }).toEqual({ code: 6, out: '' });
  expect(err).toContain(`this container has ${leftMib} MiB left and \`top\` is not started below 12 MiB`);
});

test.each([
  ['v2, 12 MiB left', { self: '0::/\n', ...under('', version2(mib(256), 244, 0)) }],
  ['v2 without a limit', { self: '0::/\n', ...under('', version2('max', 244, 0)) }],
  [
    'v1 without a limit',
    { self: '4:memory:/\n', ...under('memory/', version1('9223372036854771712', 244, 0)) },
  ],
  ['the root of v2, which has no such files', { self: '0::/\n' }],
  ['no cgroups', {}],
])('%s: top is started', (_, files) => {
  expect(runIn(files)).toEqual({ code: 0, out: 'started', err: '' });
});
