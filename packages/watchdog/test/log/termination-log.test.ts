import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { TerminationLog } from '../../src/log/termination-log.ts';
import { temporaryFolder } from '../temporary-folder.ts';

test('the newest words replace the older ones, and are taken back when the danger has passed', () => {
  const path = join(temporaryFolder(), 'termination-log');
  writeFileSync(path, '');
  const log = new TerminationLog(path);
  expect(log.write('a long first sentence')).toBe(true);
  log.write('the last');
  expect(readFileSync(path, 'utf8')).toBe('the last\n');
  log.clear();
  expect(readFileSync(path, 'utf8')).toBe('');
});

test('what the service itself wrote there is not taken back', () => {
  const path = join(temporaryFolder(), 'termination-log');
  writeFileSync(path, 'of the service');
  new TerminationLog(path).clear();
  expect(readFileSync(path, 'utf8')).toBe('of the service');
});

test('at most 4,096 bytes, cut between characters', () => {
  const path = join(temporaryFolder(), 'termination-log');
  writeFileSync(path, '');
  new TerminationLog(path).write('é'.repeat(5_000));
  const bytes = readFileSync(path);
  expect(bytes.length).toBe(4095);
  expect(bytes.toString()).toBe(`${'é'.repeat(2047)}\n`);
});

test('a file that nobody has put there is not made; a link and a folder are refused', () => {
  const folder = temporaryFolder();
  const missing = join(folder, 'missing');
  expect([new TerminationLog(missing).write('x'), existsSync(missing)]).toEqual([false, false]);
  writeFileSync(join(folder, 'target'), 'kept');
  symlinkSync(join(folder, 'target'), join(folder, 'link'));
  mkdirSync(join(folder, 'folder'));
  expect(new TerminationLog(join(folder, 'link')).write('x')).toBe(false);
  expect(new TerminationLog(join(folder, 'folder')).write('x')).toBe(false);
  expect(readFileSync(join(folder, 'target'), 'utf8')).toBe('kept');
});
