import { spawnSync } from 'node:child_process';
import { chownSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mib } from '@plimsoll/memory';
import { expect, onTestFinished, test } from 'vitest';
import { formatIncidentName, type IncidentName } from '../../src/incident/incident-name.ts';
import { ensureOwnFolder, IncidentStore } from '../../src/incident/incident-store.ts';
import { temporaryFolder } from '../temporary-folder.ts';

function nameAt(second: number, hostName = 'pod-a'): IncidentName {
  return {
    openedAtMs: Date.UTC(2026, 10, 20, 17, 0, second),
    hostName,
    pid: 1,
    bootId: '0123abcd',
    trigger: 'growth',
  };
}

function storeOf(quotaBytes: number, maxCount: number): IncidentStore {
  return new IncidentStore({
    dir: join(temporaryFolder(), 'incidents'),
    quotaBytes,
    maxCount,
    maxAgeMs: 1e12,
  });
}

function put(store: IncidentStore, name: IncidentName, fileBytes: number): string {
  const path = join(store.dir, formatIncidentName(name));
  mkdirSync(path);
  writeFileSync(join(path, 'file'), Buffer.alloc(fileBytes));
  return formatIncidentName(name);
}

test('the folder is made with mode 0700', () => {
  const store = storeOf(mib(1), 2);
  expect(statSync(store.dir).mode & 0o777).toBe(0o700);
});

test('the oldest incidents of the host go when 3 bytes too many are stored, those of another host stay', () => {
  const store = storeOf(10_000, 10);
  put(store, nameAt(1), 4000);
  const second = put(store, nameAt(2), 4000);
  const other = put(store, nameAt(0, 'pod-b'), 9000);
  expect(store.makeRoom('pod-a', 2003, 1)).toBe(true);
  expect(readdirSync(store.dir).sort()).toEqual([other, second].sort());
});

test('a count of 3 keeps the first and the newest of an outbreak of 4 when one more comes', () => {
  const store = storeOf(mib(1), 3);
  const names = [1, 2, 3, 4].map((second) => put(store, nameAt(second), 10));
  expect(store.makeRoom('pod-a', 0, 1)).toBe(true);
  expect(store.list('pod-a').map(({ name }) => name)).toEqual([names[0], names[3]]);
});

test('a crash loop of 30 incidents in an hour leaves the one of last week and 11 of its own', () => {
  const store = storeOf(mib(1), 12);
  const lastWeek = put(store, { ...nameAt(0), openedAtMs: nameAt(0).openedAtMs - 7 * 86_400_000 }, 10);
  const loop: string[] = [];
  for (let life = 0; life < 30; life += 1) {
    store.makeRoom('pod-a', 0, 1);
    loop.push(put(store, { ...nameAt(0), openedAtMs: nameAt(0).openedAtMs + life * 120_000 }, 10));
  }
  const kept = store.list('pod-a').map(({ name }) => name);
  expect(kept).toHaveLength(12);
  expect([kept[0], kept[1], kept.at(-1)]).toEqual([lastWeek, loop[0], loop.at(-1)]);
});

test('incidents of pods that are gone go too: above 8 quotas the oldest, above the age any', () => {
  const dir = temporaryFolder();
  const store = new IncidentStore({ dir, quotaBytes: 10_000, maxCount: 5, maxAgeMs: 30 * 86_400_000 });
  const nowMs = Date.now();
  const at = (hostName: string, agoMs: number) => ({ ...nameAt(0, hostName), openedAtMs: nowMs - agoMs });
  const old = put(store, at('pod-old', 31 * 86_400_000), 10);
  const pods = Array.from({ length: 10 }, (_, pod) =>
    put(store, at(`pod-${pod}`, (20 - pod) * 3_600_000), 9000),
  );
  store.makeRoom('pod-a', 0, 1);
  expect(store.list().map(({ name }) => name)).toEqual(pods.slice(2));
  expect(store.list().map(({ name }) => name)).not.toContain(old);
});

test('a second incident of the same second, process and trigger gets the next second', () => {
  const store = storeOf(mib(1), 5);
  const names = [1, 2].map(() => {
    const folder = store.open(nameAt(1));
    folder.publish();
    return folder.name;
  });
  expect(names.map((name) => name.slice(9, 16))).toEqual(['170001Z', '170002Z']);
});

const canChown = process.getuid?.() === 0;
test.skipIf(!canChown)(
  canChown
    ? 'a folder that belongs to another user is refused with his uid'
    : 'a folder that belongs to another user is refused [SKIPPED: only root can give a folder away]',
  () => {
    const dir = temporaryFolder();
    chownSync(dir, 1234, 1234);
    expect(() => ensureOwnFolder(dir)).toThrow('belongs to another user (uid 1234)');
  },
);

const canMount = process.platform === 'linux' && process.getuid?.() === 0;
test.skipIf(!canMount)(
  canMount
    ? 'a tmpfs of 64 MiB is known to be memory: its quota is 8 MiB, and 8 MiB stay free'
    : 'a tmpfs of 64 MiB is known to be memory [SKIPPED: mounting needs root on Linux]',
  () => {
    const dir = temporaryFolder();
    expect(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'none', dir]).status).toBe(0);
    onTestFinished(() => void spawnSync('umount', [dir]));
    const store = new IncidentStore({ dir, quotaBytes: mib(96), maxCount: 5, maxAgeMs: 1e12 });
    expect(store.room()).toEqual({ isMemoryBacked: true, quotaBytes: mib(8), freeBytes: mib(56) });
  },
);

test('what can never fit the quota removes nothing and is refused', () => {
  const store = storeOf(10_000, 10);
  put(store, nameAt(1), 4000);
  expect(store.makeRoom('pod-a', 10_001, 0)).toBe(false);
  expect(store.list()).toHaveLength(1);
});

test('the incident being written is never removed for its own file', () => {
  const store = storeOf(10_000, 10);
  const own = put(store, nameAt(1), 4000);
  expect(store.makeRoom('pod-a', 7000, 0, own)).toBe(false);
  expect(store.list()).toHaveLength(1);
});

test('half-written folders of this host older than the age given are swept, others stay', () => {
  const store = storeOf(mib(1), 3);
  for (const host of ['pod-a', 'pod-b']) {
    mkdirSync(join(store.dir, `${formatIncidentName(nameAt(1, host))}.partial`));
  }
  mkdirSync(join(store.dir, 'somebody-elses.partial'));
  store.sweepPartial('pod-a', 60_000);
  expect(readdirSync(store.dir)).toHaveLength(3);
  store.sweepPartial('pod-a', -1);
  expect(readdirSync(store.dir).sort()).toEqual([
    '20261120T170001Z-pod-b-1-0123abcd-growth.partial',
    'somebody-elses.partial',
  ]);
});

test('a symbolic link, a file and a foreign owner are refused with the remedy', () => {
  const root = temporaryFolder();
  mkdirSync(join(root, 'real'));
  symlinkSync(join(root, 'real'), join(root, 'link'));
  expect(() => ensureOwnFolder(join(root, 'link'))).toThrow(
    `The folder ${join(root, 'link')} is a symbolic link; expected a folder of this user. Name another one in PLIMSOLL_INCIDENT_DIR.`,
  );
  writeFileSync(join(root, 'file'), '');
  expect(() => ensureOwnFolder(join(root, 'file'))).toThrow('is no folder');
});
