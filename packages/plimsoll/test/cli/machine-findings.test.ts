import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { findOnMachine } from '../../src/cli/doctor/machine-findings.ts';
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

function findingsOf(files: Readonly<Record<string, string>>, nodeMajor = 24, incidentDir = process.cwd()) {
  const environment = { MALLOC_ARENA_MAX: '2' };
  const found = findOnMachine({ pid: 7, nodeMajor, environment, incidentDir, root: machine(files) });
  return found.filter(({ name }) => name !== 'incident-folder');
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

test('a machine without swap, with huge pages on request and a Guaranteed pod on Node.js 24 has no finding', () => {
  const files = {
    'proc/meminfo': 'SwapTotal:             0 kB\n',
    'sys/kernel/mm/transparent_hugepage/enabled': 'always [madvise] never\n',
    'proc/7/maps': '7f r-xp 0 8:1 1 /lib/x86_64-linux-gnu/libc.so.6\n',
    'proc/7/cgroup': '0::/kubepods.slice/pod1\n',
  };
  expect(findingsOf(files)).toEqual([]);
  expect(findingsOf(files, 20).map(({ sentence }) => sentence)).toEqual([
    'Node.js 20: the collector keeps up to 21 % of a heap above 400 MiB beside it (5 % from Node.js 24 on), and its support ended in April 2026',
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
