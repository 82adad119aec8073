import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { findOnMachine } from '../../src/cli/doctor/machine-findings.ts';
import { bugsOf } from '../../src/cli/doctor/node-bugs.ts';
import { temporaryFolder } from '../service.ts';
import { plimsoll, runToEnd } from './command.ts';

/** A machine of these files. */
function machine(files: Readonly<Record<string, string>>): string {
  const root = temporaryFolder();
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

function findingsOf(
  files: Readonly<Record<string, string>>,
  nodeVersion = '24.21.0',
  incidentDir = process.cwd(),
) {
  const environment = { MALLOC_ARENA_MAX: '2' };
  const found = findOnMachine({ pid: 7, nodeVersion, environment, incidentDir, root: machine(files) });
  return found.filter(({ name }) => name !== 'incident-folder' && name !== 'node-bug');
}

test.each([
  ['swap', { 'proc/meminfo': 'SwapTotal:       2097152 kB\n' }, 'this machine has 2 GiB of swap'],
  [
    'huge-pages',
    { 'sys/kernel/mm/transparent_hugepage/enabled': '[always] madvise never\n' },
    'transparent huge pages are always on',
  ],
  [
    'musl',
    { 'proc/7/maps': '7f r-xp 0 8:1 1 /lib/ld-musl-x86_64.so.1\n' },
    `the C library is musl (${process.arch}-musl)`,
  ],
  [
    'qos-class',
    { 'proc/7/cgroup': '0::/kubepods.slice/kubepods-burstable.slice/pod1\n' },
    'the pod is Burstable',
  ],
])('%s is one finding, with a remedy: %j', (name, files, sentence) => {
  const found = findingsOf(files);
  expect(found.map((finding) => finding.name)).toEqual([name]);
  expect(found[0]?.severity).toBe('good');
  expect(found[0]?.sentence).toContain(sentence);
  expect(found[0]?.remedy).toMatch(/\.$/);
});

const swapped = { 'proc/meminfo': 'SwapTotal:       2097152 kB\n', 'proc/7/cgroup': '0::/pod/service\n' };

test.each([
  ['memory.swap.max 0 of the pod above', { 'sys/fs/cgroup/pod/memory.swap.max': '0\n' }],
  [
    'memory and swap together as large as memory on version 1',
    {
      'proc/7/cgroup': '4:memory:/pod\n0::/\n',
      'sys/fs/cgroup/memory/pod/memory.memsw.limit_in_bytes': '268435456\n',
      'sys/fs/cgroup/memory/pod/memory.limit_in_bytes': '268435456\n',
    },
  ],
])('2 GiB of swap are no finding with %s', (_, files) => {
  expect(findingsOf({ ...swapped, ...files })).toEqual([]);
});

test('of 2 GiB of swap the tightest group counts: 64 MiB', () => {
  const files = {
    'sys/fs/cgroup/pod/memory.swap.max': '67108864\n',
    'sys/fs/cgroup/pod/service/memory.swap.max': 'max\n',
  };
  expect(findingsOf({ ...swapped, ...files })[0]?.sentence).toContain(
    '2 GiB of swap, of which this container may use 64 MiB,',
  );
});

test.each([
  ['20.3.1', ['AbortSignal.any()']],
  ['20.16.0', ['AbortSignal.any()', 'fetch()']],
  ['22.12.0', []],
  ['22.20.0', ['memory grows with requests']],
  ['24.13.1', ['AbortSignal.any()', 'the store of an AsyncLocalStorage']],
  ['26.10.0', ['the store of an AsyncLocalStorage']],
])('Node.js %s has these known faults: %j', (version, starts) => {
  const sentences = bugsOf(version).map(({ sentence }) => sentence);
  expect(sentences).toHaveLength(starts.length);
  for (const start of starts) expect(sentences.some((sentence) => sentence.startsWith(start))).toBe(true);
});

test('a machine without swap, with huge pages on request and a Guaranteed pod on Node.js 24 has no finding', () => {
  const files = {
    'proc/meminfo': 'SwapTotal:             0 kB\n',
    'sys/kernel/mm/transparent_hugepage/enabled': 'always [madvise] never\n',
    'proc/7/maps': '7f r-xp 0 8:1 1 /lib/x86_64-linux-gnu/libc.so.6\n',
    'proc/7/cgroup': '0::/kubepods.slice/pod1\n',
  };
  expect(findingsOf(files)).toEqual([]);
  expect(findingsOf(files, '20.20.2').map(({ sentence }) => sentence)).toEqual([
    'Node.js 20: the collector keeps 13 % of a heap beside it, 18 % of what lies above 400 MiB (5 % from Node.js 24 on), and its support ended in April 2026',
  ]);
});

test('doctor of a running limit lists its findings as JSON; with --limit, which is another container, it lists none', () => {
  const words = [plimsoll, 'doctor', '--json', '--', 'node', 'server.js'];
  const here = JSON.parse(runToEnd(words, { env: { PLIMSOLL_LIMIT: '256MiB' } }).out) as {
    findings: unknown[];
  };
  expect(Array.isArray(here.findings)).toBe(true);
  const other = JSON.parse(runToEnd([...words.slice(0, 2), '--limit', '256MiB', ...words.slice(2)]).out) as {
    findings: unknown[];
  };
  expect(other.findings).toEqual([]);
});
