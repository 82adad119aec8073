import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import * as pool from '../src/index.ts';

const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8');

test('the example of the README prints what its comments say', async () => {
  const code = /```js\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
  const expected = [...code.matchAll(/\); \/\/ (.*)$/gm)].map(([, text]) => text);
  const printed: string[] = [];
  const body = code.replace(/^import .*$/m, '').replaceAll('console.log(', 'print(');
  const AsyncFunction = (async () => {}).constructor as FunctionConstructor;
  const names = Object.keys(pool);
  const run = Reflect.construct(AsyncFunction, [...names, 'print', body]) as (
    ...values: unknown[]
  ) => Promise<void>;
  await run(...Object.values(pool), (...values: unknown[]) => printed.push(values.join(' ')));
  expect(expected).toHaveLength(4);
  expect(printed).toEqual(expected);
});
