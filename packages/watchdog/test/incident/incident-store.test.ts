import { mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mib } from '@plimsoll/memory';
import { expect, test } from 'vitest';
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
  return new IncidentStore({ dir: join(temporaryFolder(), 'incidents'), quotaBytes, maxCount });
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

test('a count of 3 keeps the 2 newest when one more comes', () => {
  const store = storeOf(mib(1), 3);
  const names = [1, 2, 3, 4].map((second) => put(store, nameAt(second), 10));
  expect(store.makeRoom('pod-a', 0, 1)).toBe(true);
  expect(store.list('pod-a').map(({ name }) => name)).toEqual(names.slice(2));
});

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
