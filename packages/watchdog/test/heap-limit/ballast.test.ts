import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { mib } from '@plimsoll/memory';
import { expect, test } from 'vitest';
import { Ballast } from '../../src/heap-limit/ballast.ts';
import { temporaryFolder } from '../temporary-folder.ts';

test('it takes 2 MiB of real blocks and a descriptor, and gives both back', () => {
  const folder = temporaryFolder();
  const ballast = new Ballast(folder);
  const descriptors = (): number => readdirSync('/proc/self/fd').length;
  const before = descriptors();
  expect([ballast.load(), ballast.isLoaded]).toEqual([undefined, true]);
  const { size, blocks, mode } = statSync(join(folder, 'ballast'));
  expect([size, blocks * 512 >= size, mode & 0o777]).toEqual([mib(2), true, 0o600]);
  expect(descriptors()).toBe(before + 1);
  ballast.drop();
  expect([existsSync(join(folder, 'ballast')), ballast.isLoaded, descriptors()]).toEqual([
    false,
    false,
    before,
  ]);
});

test('loaded twice it is one file; a folder that is gone is said and nothing is thrown', () => {
  const folder = temporaryFolder();
  const ballast = new Ballast(folder);
  ballast.load();
  expect([ballast.load(), readdirSync(folder)]).toEqual([undefined, ['ballast']]);
  const lost = new Ballast(join(folder, 'nowhere'));
  expect([lost.load()?.startsWith('ENOENT'), lost.isLoaded]).toEqual([true, false]);
  lost.drop();
});
