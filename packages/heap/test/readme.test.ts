import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

test('the example of the README prints what stands below it', () => {
  const readme = readFileSync(join(import.meta.dirname, '..', 'README.md'), 'utf8');
  const [, program = '', output = ''] = /```js\n([^]*?)```\n\n```\n([^]*?)```/.exec(readme) ?? [];
  expect(program).toContain('planHeap');
  const words = ['--input-type=module', '-e', program];
  expect(execFileSync(process.execPath, words, { cwd: import.meta.dirname, encoding: 'utf8' })).toBe(output);
});
