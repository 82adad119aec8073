import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import * as streams from '../src/index.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const library = new URL('../dist/index.js', import.meta.url).href;

test('the example of the README prints what it says', () => {
  const [, example = '', output = ''] = /```js\n(.*?)```.*?```\n(.*?)```/s.exec(readme) ?? [];
  const script = example.replace("'@plimsoll/streams'", JSON.stringify(library));
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  expect([child.stderr, child.stdout]).toEqual(['', output]);
});

test('every function that is exported stands in the README', () => {
  const names = Object.entries(streams).flatMap(([name, value]) =>
    typeof value === 'function' && /^[a-z]/.test(name) ? [name] : [],
  );
  expect(names.length).toBeGreaterThan(25);
  expect(names.filter((name) => !readme.includes(`\`${name}`))).toEqual([]);
});
