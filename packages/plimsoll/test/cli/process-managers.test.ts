import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mib } from '@plimsoll/memory';
import { afterAll, expect } from 'vitest';
import { cleanEnvironment, plimsoll, runToEnd } from './command.ts';
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

interface Said {
  /** What each process of the service said of its heap. */
  readonly heaps: readonly unknown[];
  /** What the lines of the guards are about. */
  readonly events: readonly string[];
}

function saidIn(text: string): Said {
  const heaps = [...text.matchAll(/\{"limitMib":\d+,"inherits":\w+\}/g)].map(
    ([line]) => JSON.parse(line) as unknown,
  );
  return { heaps, events: [...text.matchAll(/"plimsoll":"([\w-]+)"/g)].map(([, event = '']) => event) };
}

const environment = {
  PLIMSOLL_LOG: 'json',
  PM2_HOME: join(folder, 'pm2'),
  YARN_ENABLE_TELEMETRY: '0',
  HOME: folder,
};
const in512 = ['run', '--limit', '512MiB'];

/** What was said under `plimsoll run` in 512 MiB by a manager that ends with its service. */
function started(words: readonly string[]): Said {
  const { out, err } = runToEnd([plimsoll, ...in512, '--', ...words], { cwd: folder, env: environment });
  return saidIn(`${out}${err}`);
}

/** The same under PM2, which waits for eight seconds once nothing runs any more: it is ended when `count` processes have said all. */
async function startedByPm2(
  words: readonly string[],
  count: number,
  options: readonly string[] = [],
): Promise<Said> {
  const all = [...in512, ...options, '--', pm2.path, 'start', ...words, '--raw'];
  const child = spawn(plimsoll, all, {
    cwd: folder,
    env: cleanEnvironment(environment),
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const closed = once(child, 'close');
  let text = '';
  let hasAll = false;
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      const { heaps, events } = saidIn(text);
      if (hasAll || heaps.length < count || events.length < count) return;
      hasAll = true;
      process.kill(-(child.pid as number), 'SIGKILL');
    });
  }
  await closed;
  return saidIn(text);
}

/** A manager stays in memory beside the service. */
const beside64 = {
  heaps: [{ limitMib: plannedMib(512, { besideBytes: mib(64) }).heapLimit, inherits: false }],
  events: ['armed'],
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
  async () => {
    expect(await startedByPm2(['service.cjs', '--no-autorestart'], 1)).toEqual({
      heaps: [{ limitMib: plannedMib(512, { besideBytes: mib(40) }).heapLimit, inherits: false }],
      events: ['armed'],
    });
  },
);

pm2.test(
  'two instances in PM2’s cluster, stated as one child, have half of 512 MiB each, guarded',
  async () => {
    const { heapLimit: limitMib } = plannedMib(512, { besideBytes: mib(40), childCount: 1 });
    const heaps = [1, 2].map(() => ({ limitMib, inherits: true }));
    expect(await startedByPm2(['clustered.config.cjs'], 2, ['--children', '1'])).toEqual({
      heaps,
      events: ['armed', 'armed'],
    });
  },
);
