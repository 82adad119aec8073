import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readIncident } from '../../src/index.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const program = join(import.meta.dirname, 'programs', 'faulty-last-words.mjs');

interface Death {
  readonly signal: string | null;
  readonly stderr: string;
  /** The line at the end. */
  readonly words: { readonly message: string; readonly folder: string | null };
}

/** Lets the program die at V8's limit, with a fault. */
function die(fault: string, incidentDir: string, flags: readonly string[] = []): Death {
  const { signal, stderr } = spawnSync(
    process.execPath,
    ['--max-old-space-size=48', '--max-semi-space-size=2', ...flags, program, fault, incidentDir],
    { encoding: 'utf8', timeout: 60_000, env: { PATH: process.env['PATH'] } },
  );
  const line = stderr.split('\n').findLast((text) => text.startsWith('{"plimsoll":"death"'));
  return { signal, stderr, words: JSON.parse(line ?? '{}') as Death['words'] };
}

/** Every byte that was written below `folder`. */
function everything(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'));
}

test('the URLs of a service that leaks by request are in no file and no line', () => {
  const incidentDir = temporaryFolder();
  const { signal, stderr, words } = die('none', incidentDir);
  expect(signal).toBe('SIGABRT');
  expect(words.message).toContain('Map `sessions` (');
  const texts = everything(incidentDir);
  expect(texts.length).toBeGreaterThanOrEqual(7);
  expect([...texts, stderr].filter((text) => /(?:query|value)-secret|orders\/77/.test(text))).toEqual([]);
});

test.each([
  ['frozen global', /Map `sessions` \(/],
  ['frozen global and process', /container: unknown/],
  ['replaced iteration', /Map `sessions` \(/],
  ['replaced reversal', /container: unknown/],
])('with %s the profile, the timeline and an autopsy are on disk, and the end is 134', (fault, said) => {
  const { signal, words } = die(fault, temporaryFolder());
  expect(signal).toBe('SIGABRT');
  expect(words.message).toMatch(said);
  const { files, ending, autopsy } = readIncident(words.folder ?? '');
  expect(files.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['allocation.heapprofile', 'autopsy.json', 'timeline.csv', 'journal.ndjson']),
  );
  expect(ending?.exitCode).toBe(134);
  expect(autopsy?.sentence).toMatch(said);
});

test('where no folder can be made the variable is named on stderr all the same', () => {
  const file = join(temporaryFolder(), 'a file');
  writeFileSync(file, '');
  const { signal, words } = die('none', join(file, 'incidents'));
  expect(signal).toBe('SIGABRT');
  expect(words.folder).toBeNull();
  expect(words.message).toMatch(/^JavaScript heap out of memory: .* exit code 134\. Map `sessions` \(/);
});
