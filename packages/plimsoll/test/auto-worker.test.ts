import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { autoPath, temporaryFolder } from './service.ts';

const preload = `--import=${pathToFileURL(autoPath).href}`;

/** What a worker of a service under the preload says of itself, and the lines on stderr. */
function runService(workerOptions: string, env: NodeJS.ProcessEnv = {}) {
  const worker = `const { guard, 'memory-monitor': monitor } = Object.fromEntries(globalThis[Symbol.for('plimsoll')] ?? []);
    console.log(JSON.stringify({ guard: guard?.constructor.name ?? null, active: guard?.active ?? false, isTicking: monitor !== undefined }));`;
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'worker.mjs'), worker);
  writeFileSync(
    join(folder, 'service.mjs'),
    `import { Worker } from 'node:worker_threads'; new Worker(new URL('worker.mjs', import.meta.url), { ${workerOptions} });`,
  );
  const { status, stdout, stderr } = spawnSync(process.execPath, [preload, join(folder, 'service.mjs')], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], PLIMSOLL_INCIDENT_DIR: join(folder, 'incidents'), ...env },
  });
  const lines = stderr.split('\n').filter((line) => line !== '');
  return { status, worker: JSON.parse(stdout) as unknown, lineCount: lines.length };
}

test('under the preload a worker gets the part that watches its own heap, and one line is said for the process', () => {
  expect(runService('')).toEqual({
    status: 0,
    worker: { guard: 'WorkerWatch', active: true, isTicking: true },
    lineCount: 1,
  });
});

test('a worker that was started without the preload is left alone', () => {
  const { status, worker } = runService('execArgv: []');
  expect([status, worker]).toEqual([0, { guard: null, active: false, isTicking: false }]);
});

test('with PLIMSOLL=off nothing is armed in a worker', () => {
  const { status, worker } = runService('', { PLIMSOLL: 'off' });
  expect([status, worker]).toEqual([0, { guard: null, active: false, isTicking: false }]);
});
