import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { IncidentFolder } from '../../src/incident/incident-folder.ts';
import { temporaryFolder } from '../temporary-folder.ts';

test('a folder is .partial and 0700 until it is published, its files 0600', () => {
  const root = temporaryFolder();
  const folder = new IncidentFolder(root, 'one');
  folder.write('a.txt', 'text', 'hello');
  expect(readdirSync(root)).toEqual(['one.partial']);
  expect(statSync(folder.path).mode & 0o777).toBe(0o700);
  folder.publish();
  expect(readdirSync(root)).toEqual(['one']);
  expect(statSync(join(folder.path, 'a.txt')).mode & 0o777).toBe(0o600);
  expect(folder.files).toEqual([{ name: 'a.txt', fileBytes: 5, content: 'text' }]);
});

test('a later writing replaces a file whole and leaves no .partial behind', () => {
  const folder = new IncidentFolder(temporaryFolder(), 'one');
  folder.write('a.txt', 'text', 'hello');
  writeFileSync(folder.partialPath('a.txt'), 'left by a killed write');
  folder.write('a.txt', 'text', 'hello again');
  expect(readdirSync(folder.path)).toEqual(['a.txt']);
  expect(readFileSync(join(folder.path, 'a.txt'), 'utf8')).toBe('hello again');
  expect(folder.totalBytes).toBe(11);
});

test('a snapshot that does not close as JSON is removed and named in the error', () => {
  const folder = new IncidentFolder(temporaryFolder(), 'one');
  writeFileSync(folder.partialPath('heap-1.heapsnapshot'), '{"snapshot":{},"nodes":[1,2');
  expect(() => folder.adoptSnapshot('heap-1.heapsnapshot', 'heap')).toThrow(
    'The snapshot ends after 27 B without closing; it was removed. Is the disk full?',
  );
  expect(readdirSync(folder.path)).toEqual([]);
  expect(folder.files).toEqual([]);
});

test('an empty snapshot never gets its name', () => {
  const folder = new IncidentFolder(temporaryFolder(), 'one');
  writeFileSync(folder.partialPath('heap-1.heapsnapshot'), '');
  expect(() => folder.adoptSnapshot('heap-1.heapsnapshot', 'heap')).toThrow('after 0 B');
  expect(readdirSync(folder.path)).toEqual([]);
});

test('a snapshot that closes is taken in with mode 0600', () => {
  const folder = new IncidentFolder(temporaryFolder(), 'one');
  writeFileSync(folder.partialPath('heap-1.heapsnapshot'), '{"strings":["a"]}', { mode: 0o644 });
  expect(folder.adoptSnapshot('heap-1.heapsnapshot', 'heap').fileBytes).toBe(17);
  expect(statSync(join(folder.path, 'heap-1.heapsnapshot')).mode & 0o777).toBe(0o600);
});

test('a folder of the same name is never overwritten', () => {
  const root = temporaryFolder();
  const folder = new IncidentFolder(root, 'one');
  mkdirSync(join(root, 'one'));
  expect(() => folder.publish()).toThrow('exists; nothing is overwritten');
  folder.discard();
  expect(existsSync(join(root, 'one.partial'))).toBe(false);
});
