import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { plimsoll, runToEnd } from './command.ts';
import { plannedMib } from './planned.ts';

const readme = readFileSync(join(import.meta.dirname, '..', '..', 'README.md'), 'utf8');
const major = process.versions.node.split('.')[0];

test('the README shows what doctor says on Node.js 20; peak and plan of the others are their own, and V8 of 26 grows 3 MiB further', () => {
  const [, line = '', shown = ''] = /```\n\$ plimsoll (.*)\n([^]*?)```/.exec(readme) ?? [];
  const { out } = runToEnd([plimsoll, ...line.split(' ')]);
  const own = shown.replace(/^(?:peak|plan).*$/gm, (line) => {
    const [name] = line.split(' ', 1);
    return out.split('\n').find((said) => said.startsWith(`${name} `)) ?? '';
  });
  const here = major === '20' ? shown : major === '26' ? own.replaceAll('259 MiB', '262 MiB') : own;
  expect(out.startsWith(here.replace('(Node.js 20)', `(Node.js ${major})`))).toBe(true);
});

test('the README names every command and no other', () => {
  const named = [...readme.matchAll(/^\| `plimsoll (\w+)/gm)].map((match) => match[1]);
  const { out } = runToEnd([plimsoll, '--help']);
  const commands = [...out.matchAll(/^  (\w+) /gm)]
    .map((match) => match[1])
    .filter((name) => name !== 'help');
  expect(named.toSorted()).toEqual(commands.toSorted());
});

test('the example of the README runs', () => {
  const [, program = ''] = /```js\n([^]*?)```/.exec(readme) ?? [];
  const words = ['node', '--input-type=module', '-e', `${program}\nguard.stop();`];
  const cwd = join(import.meta.dirname, '..', '..');
  expect(runToEnd(words, { cwd })).toMatchObject({
    code: 0,
    out: `[ '--max-old-space-size=${plannedMib(512).old}', '--max-semi-space-size=16' ]\n`,
  });
});
