import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mib } from '@plimsoll/memory';
import { afterAll, expect } from 'vitest';
import { plimsoll, runToEnd } from './command.ts';
import { installedTool } from './installed-tool.ts';
import { plannedMib } from './planned.ts';

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-managers-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const pm2 = installedTool('pm2', '7.0.4', 'bin/pm2-runtime');
const pnpm = installedTool('pnpm', '10.34.9', 'bin/pnpm.cjs');
const yarn = installedTool('yarn', '1.22.22', 'bin/yarn.js');
const berry = installedTool('@yarnpkg/cli-dist', '4.18.1', 'bin/yarn.js');

writeFileSync(
  join(folder, 'package.json'),
  JSON.stringify({ name: 'service', scripts: { start: 'node service.cjs' } }),
);
writeFileSync(join(folder, 'yarn.lock'), '');
writeFileSync(
  join(folder, 'service.cjs'),
  `const limitMib = require('node:v8').getHeapStatistics().heap_size_limit / 2 ** 20;
   console.log(JSON.stringify({ limitMib, inherits: /max-old-space/.test(process.env.NODE_OPTIONS) }));
   setTimeout(() => process.exit(), 300);`,
);
writeFileSync(
  join(folder, 'clustered.config.cjs'),
  `module.exports = { apps: [{ name: 'service', script: './service.cjs', exec_mode: 'cluster', instances: 2, autorestart: false }] };`,
);

/** What the service and the guard in it said under `plimsoll run` in 512 MiB. */
function started(words: readonly string[], options: readonly string[] = []) {
  const env = {
    PLIMSOLL_LOG: 'json',
    PM2_HOME: join(folder, 'pm2'),
    YARN_ENABLE_TELEMETRY: '0',
    HOME: folder,
  };
  const { out, err } = runToEnd([plimsoll, 'run', '--limit', '512MiB', ...options, '--', ...words], {
    cwd: folder,
    env,
  });
  const heaps = [...`${out}${err}`.matchAll(/\{"limitMib":\d+,"inherits":\w+\}/g)].map(
    ([line]) => JSON.parse(line) as unknown,
  );
  return { heaps, armedCount: [...`${out}${err}`.matchAll(/"plimsoll":"armed"/g)].length };
}

/** A manager stays in memory beside the service. */
const beside64 = {
  heaps: [{ limitMib: plannedMib(512, { besideBytes: mib(64) }).heapLimit, inherits: false }],
  armedCount: 1,
};

pnpm.test('through pnpm start the service is guarded in a heap planned beside 64 MiB of pnpm', () => {
  expect(started([pnpm.path, '--silent', 'start'])).toEqual(beside64);
});

yarn.test('through yarn 1 start the service is guarded in a heap planned beside 64 MiB of yarn', () => {
  expect(started([yarn.path, '--silent', 'start'])).toEqual(beside64);
});

berry.test('through yarn 4 start, which puts a preload of its own before ours, likewise', () => {
  runToEnd(['node', berry.path, 'install'], { cwd: folder, env: { HOME: folder } });
  expect(started([berry.path, 'start'])).toEqual(beside64);
});

pm2.test(
  'PM2 loads the service into a process of its own, which is guarded in a heap planned beside 40 MiB of PM2',
  () => {
    const words = [pm2.path, 'start', 'service.cjs', '--no-autorestart', '--raw'];
    expect(started(words)).toEqual({
      heaps: [{ limitMib: plannedMib(512, { besideBytes: mib(40) }).heapLimit, inherits: false }],
      armedCount: 1,
    });
  },
);

pm2.test('two instances in PM2’s cluster, stated as one child, have half of 512 MiB each, guarded', () => {
  const { heapLimit: limitMib } = plannedMib(512, { besideBytes: mib(40), childCount: 1 });
  const heaps = [1, 2].map(() => ({ limitMib, inherits: true }));
  expect(started([pm2.path, 'start', 'clustered.config.cjs', '--raw'], ['--children', '1'])).toEqual({
    heaps,
    armedCount: 2,
  });
});
