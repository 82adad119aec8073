import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const folder = join(import.meta.dirname, '..');

test('the example of the README prints what its comments say', () => {
  const code = /```js\n([\s\S]*?)```/.exec(readFileSync(join(folder, 'README.md'), 'utf8'))?.[1] ?? '';
  const expected = [...code.matchAll(/\); \/\/ (.*)$/gm)].map(([, text]) => text);
  // From the package's own folder its name leads to what is published.
  const options = { cwd: folder, encoding: 'utf8' } as const;
  const printed = execFileSync(process.execPath, ['--input-type=module', '-e', code], options);
  expect(expected).toHaveLength(5);
  expect(printed.trimEnd().split('\n')).toEqual(expected);
});
