import { expect, test } from 'vitest';
import { detectPlatform, platforms } from '../../src/index.ts';

test.each([
  ['x64', '7f00-7f01 r-xp 0 08:01 1 /usr/lib/x86_64-linux-gnu/libc.so.6', 'x64-glibc'],
  ['arm64', '7f00-7f01 r-xp 0 08:01 1 /lib/ld-linux-aarch64.so.1', 'arm64-glibc'],
  ['x64', '7f00-7f01 r-xp 0 08:01 1 /lib/ld-musl-x86_64.so.1', 'x64-musl'],
  ['arm64', '7f00-7f01 r-xp 0 08:01 1 /lib/ld-musl-aarch64.so.1', 'arm64-musl'],
  ['s390x', '7f00-7f01 r-xp 0 08:01 1 /lib/ld64.so.1', 'other'],
  ['x64', '', 'other'],
])('%s with "%s" mapped is %s', (arch, mapsText, platform) => {
  expect(detectPlatform({ arch, mapsText })).toBe(platform);
});

test('one of five rows is measured, and the others have its numbers', () => {
  const rows = Object.values(platforms);
  expect(rows.filter(({ isMeasured }) => isMeasured).map(({ name }) => name)).toEqual(['x64-glibc']);
  expect(
    new Set(
      rows.map(({ programBytes, processBytes, workerBytes }) => programBytes + processBytes + workerBytes),
    ).size,
  ).toBe(1);
});
