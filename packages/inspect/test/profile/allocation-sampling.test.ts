import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  type HeapProfile,
  readAllocationProfile,
  startAllocationSampling,
  writeHeapProfile,
} from '../../src/index.ts';

test('nothing is read before sampling is started', () => {
  expect(readAllocationProfile()).toBeUndefined();
});

test('an interval of 12 bytes is refused with the range', () => {
  expect(() => startAllocationSampling({ intervalBytes: 12 })).toThrow(
    /intervalBytes is 12: expected whole bytes from 1024 to 67108864/,
  );
});

test('40 MB kept by one function are found at its file and line, and garbage is not', () => {
  startAllocationSampling();
  const kept: { a: number; b: string }[] = [];
  function keepMuch(): void {
    for (let i = 0; i < 400_000; i += 1) kept.push({ a: i, b: `${i}-kept` });
  }
  let last: object = {};
  function dropMuch(): void {
    for (let i = 0; i < 400_000; i += 1) last = { a: i, b: [i], before: last === undefined };
  }
  keepMuch();
  dropMuch();
  const profile = readAllocationProfile();
  const site = profile?.sites[0];
  expect(site).toMatchObject({ functionName: 'keepMuch', kind: 'application' });
  expect(site?.file).toMatch(/allocation-sampling\.test\.ts$/);
  expect(site?.shareRatio).toBeGreaterThan(0.5);
  expect(
    profile?.sites.find(({ functionName }) => functionName === 'dropMuch')?.shareRatio ?? 0,
  ).toBeLessThan(0.1);
  expect([kept.length, last]).toEqual([400_000, { a: 399_999, b: [399_999], before: false }]);
});

test('the file is V8’s own format, readable for its owner alone, and never overwrites', () => {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-profile-'));
  const path = join(folder, 'allocation.heapprofile');
  const raw = readAllocationProfile()?.raw as HeapProfile;
  const bytes = writeHeapProfile(path, raw);
  expect([statSync(path).size, statSync(path).mode & 0o777]).toEqual([bytes, 0o600]);
  const { head } = JSON.parse(readFileSync(path, 'utf8'));
  expect(Object.keys(head)).toEqual(['callFrame', 'selfSize', 'id', 'children']);
  expect(() => writeHeapProfile(path, raw)).toThrow(/EEXIST/);
  rmSync(folder, { recursive: true });
});
