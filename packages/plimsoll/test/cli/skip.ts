import { spawnSync } from 'node:child_process';
import { test } from 'vitest';

/** `test`, or a test that is skipped with its reason in the title when `command` cannot be run here. */
export function skipUnless(
  command: string,
  words: readonly string[],
): (title: string, run: () => void | Promise<void>) => void {
  const { status, error, stderr } = spawnSync(command, words, { encoding: 'utf8' });
  if (status === 0) return test;
  const reason = error?.message ?? stderr.trim().split('\n')[0];
  process.stderr.write(`SKIPPED 1 test: ${command} ${words.join(' ')}: ${reason}\n`);
  return (title, run) => test.skip(`${title} [SKIPPED: ${command}: ${reason}]`, run);
}
