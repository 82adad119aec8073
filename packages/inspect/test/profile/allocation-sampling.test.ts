import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { inspectUrl, runModule, runNode } from '../child/run-node.ts';
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

test('what one function keeps is found at its file and line, and what another drops is not', () => {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-sites-'));
  writeFileSync(
    join(folder, 'service.mjs'),
    `import { readAllocationProfile, startAllocationSampling } from ${JSON.stringify(inspectUrl)};
     startAllocationSampling();
     const kept = [];
     let last = {};
     function keepMuch() {
       for (let i = 0; i < 4e5; i += 1) kept.push({ a: i, b: i + '-kept' });
     }
     function dropMuch() {
       for (let i = 0; i < 4e5; i += 1) last = { a: i, b: [i] };
     }
     keepMuch();
     dropMuch();
     const { sites } = readAllocationProfile();
     const { functionName, file, line, kind, shareRatio } = sites[0];
     const dropped = sites.find((site) => site.functionName === 'dropMuch')?.shareRatio ?? 0;
     console.log(JSON.stringify([functionName, file, line, kind, shareRatio > 0.9, dropped < 0.05, kept.length, last.a]));`,
  );
  const { status, stdout, stderr } = runNode(['service.mjs'], { cwd: folder });
  rmSync(folder, { recursive: true });
  expect([status, stderr]).toEqual([0, '']);
  expect(JSON.parse(stdout)).toEqual([
    'keepMuch',
    'service.mjs',
    5,
    'application',
    true,
    true,
    400_000,
    399_999,
  ]);
});

test('the file is V8’s own format, readable for its owner alone, and never overwrites', () => {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-profile-'));
  const path = join(folder, 'allocation.heapprofile');
  startAllocationSampling();
  const raw = readAllocationProfile()?.raw as HeapProfile;
  const bytes = writeHeapProfile(path, raw);
  expect([statSync(path).size, statSync(path).mode & 0o777]).toEqual([bytes, 0o600]);
  const { head } = JSON.parse(readFileSync(path, 'utf8'));
  expect(Object.keys(head)).toEqual(['callFrame', 'selfSize', 'id', 'children']);
  expect(() => writeHeapProfile(path, raw)).toThrow(/EEXIST/);
  rmSync(folder, { recursive: true });
});

test('what was alive before a snapshot still has its site after it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-carried-'));
  const { status, stdout, stderr } = runModule(
    `import { mallocTrim, readAllocationProfile, startAllocationSampling, writeHeapSnapshot } from ${JSON.stringify(inspectUrl)};
     // At 256 KiB a site of 18 MB is known to ±12 %: too coarse for the ratios below.
     startAllocationSampling({ intervalBytes: 16_384 });
     // A list: an array would double its capacity somewhere in between.
     let last;
     function keepMuch(count) {
       for (let i = 0; i < count; i += 1) last = { a: (last?.a ?? 0) + 1, b: i + '-kept', last };
     }
     keepMuch(2e5);
     const before = readAllocationProfile();
     const { trimmed } = writeHeapSnapshot('a.partial');
     const after = readAllocationProfile();
     keepMuch(2e5);
     const later = readAllocationProfile();
     const ratio = (profile) => profile.sites[0].liveBytes / before.sites[0].liveBytes;
     console.log(JSON.stringify([trimmed === mallocTrim().available, before.sites[0].functionName, after.sites[0].functionName,
       ratio(after) > 0.8 && ratio(after) < 1.1, ratio(later) > 1.7 && ratio(later) < 2.3, last.a]));`,
    [],
    { cwd: folder },
  );
  rmSync(folder, { recursive: true });
  expect([status, stderr]).toEqual([0, '']);
  expect(JSON.parse(stdout)).toEqual([true, 'keepMuch', 'keepMuch', true, true, 400_000]);
});
