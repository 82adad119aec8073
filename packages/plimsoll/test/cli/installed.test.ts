import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { runToEnd } from './command.ts';
import { plannedMib } from './planned.ts';

const packageFolder = join(import.meta.dirname, '..', '..');

/** A service's folder with plimsoll installed in it, in a path with blanks, quotes and wildcards. */
const folder = mkdtempSync(join(tmpdir(), `plimsoll "it's" [a] *b* $c `));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const modules = join(folder, 'node_modules');
const installed = join(modules, 'plimsoll');
for (const part of ['bin', 'dist', 'package.json']) {
  cpSync(join(packageFolder, part), join(installed, part), { recursive: true });
}
mkdirSync(join(modules, '@plimsoll'));
const { dependencies } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')) as {
  dependencies: Readonly<Record<string, string>>;
};
for (const name of Object.keys(dependencies)) {
  mkdirSync(dirname(join(modules, name)), { recursive: true });
  symlinkSync(realpathSync(join(packageFolder, 'node_modules', name)), join(modules, name));
}
mkdirSync(join(modules, '.bin'));
symlinkSync('../plimsoll/bin/plimsoll', join(modules, '.bin', 'plimsoll'));

// pnpm starts a command through a shim of its own instead of a link.
const shim = join(folder, 'shim');
writeFileSync(
  shim,
  `#!/bin/sh\nbasedir=$(dirname "$0")\nexec sh "$basedir/node_modules/plimsoll/bin/plimsoll" "$@"\n`,
);
chmodSync(shim, 0o755);

const heapLimit = 'console.log(require("node:v8").getHeapStatistics().heap_size_limit / 2 ** 20)';
const service = join(folder, 'my service.cjs');
writeFileSync(service, heapLimit);
writeFileSync(
  join(folder, 'package.json'),
  JSON.stringify({ scripts: { start: 'plimsoll run --limit 256MiB -- node "my service.cjs"' } }),
);

test.each([
  ['the link in .bin', join(modules, '.bin', 'plimsoll')],
  ['a shim', shim],
  ['the file itself', join(installed, 'bin', 'plimsoll')],
])('%s in a folder with blanks, quotes and wildcards sizes the heap', (_, command) => {
  const words = [command, 'run', '--limit', '256MiB', '--', 'node', service];
  expect(runToEnd(words, { cwd: folder })).toMatchObject({
    code: 0,
    out: `${plannedMib(256).heapLimit}\n`,
    err: '',
  });
});

test('through NODE_OPTIONS too the preload is found in that folder', () => {
  const words = [
    join(modules, '.bin', 'plimsoll'),
    'run',
    '--limit',
    '256MiB',
    '--',
    'sh',
    '-c',
    'node "my service.cjs"',
  ];
  expect(runToEnd(words, { cwd: folder })).toMatchObject({
    code: 0,
    out: `${plannedMib(256).heapLimit}\n`,
    err: '',
  });
});

test('npm start finds the command and its service exits as npm would without it', () => {
  expect(runToEnd(['npm', 'start', '--silent'], { cwd: folder })).toMatchObject({
    code: 0,
    out: `${plannedMib(256).heapLimit}\n`,
  });
  writeFileSync(service, 'process.exit(6)');
  expect(runToEnd(['npm', 'start', '--silent'], { cwd: folder })).toMatchObject({ code: 6 });
  writeFileSync(service, heapLimit);
});

test('node $(plimsoll flags) survives the word splitting of a shell, guard included', () => {
  const script = `PATH="$PWD/node_modules/.bin:$PATH"; node $(plimsoll flags) "my service.cjs"`;
  const env = { PLIMSOLL_LIMIT: '256MiB', PLIMSOLL_LOG: 'json' };
  const { out, err } = runToEnd(['sh', '-c', script], { cwd: folder, env });
  expect(out).toBe(`${plannedMib(256).heapLimit}\n`);
  expect(err).toContain('"plimsoll":"armed"');
});

test('the PATH decides which plimsoll runs when it is called by its bare name from a shell', () => {
  const script = `PATH="$PWD/node_modules/.bin:$PATH"; cd /; plimsoll run --limit 256MiB node "$OLDPWD/my service.cjs"`;
  expect(runToEnd(['sh', '-c', script], { cwd: folder })).toMatchObject({
    code: 0,
    out: `${plannedMib(256).heapLimit}\n`,
  });
});
