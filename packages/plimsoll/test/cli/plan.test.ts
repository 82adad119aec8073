import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { cleanEnvironment, plimsoll, runToEnd } from './command.ts';
import { plannedMib } from './planned.ts';

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-plan-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('plan --table has 15 limits, and --json the same rows', () => {
  const { out, code } = runToEnd([plimsoll, 'plan', '--table', '--node', '24']);
  expect(code).toBe(0);
  expect(out).toMatch(/^256 MiB +169 +256 {2}kernel or livelock +192 {2}kernel or livelock$/m);
  expect(out).toMatch(/^ +8 GiB +7479 +2048 {2}memory unused +6144 {2}fits$/m);
  const rows = JSON.parse(runToEnd([plimsoll, 'plan', '--table', '--node', '24', '--json']).out) as unknown[];
  expect(rows).toHaveLength(15);
  expect(rows[2]).toMatchObject({ limitBytes: 256 * 2 ** 20, byDefault: { verdict: 'killed' } });
});

test('plan takes workers, their heaps and children from options and from variables alike', () => {
  const options = ['--workers', '2', '--worker-heap', '64MiB', '--children', '1'];
  const env = { PLIMSOLL_WORKERS: '2', PLIMSOLL_WORKER_HEAP: '64MiB', PLIMSOLL_CHILDREN: '1' };
  const words = [plimsoll, 'plan', '--limit', '1GiB', '--node', '24', '--json'];
  const byOptions: unknown = JSON.parse(runToEnd([...words, ...options]).out);
  expect(byOptions).toEqual(JSON.parse(runToEnd(words, { env }).out));
  expect(byOptions).toMatchObject({
    childCount: 1,
    workers: { workerCount: 2, oldSpaceBytes: 64 * 2 ** 20 },
  });
});

test('workers that cannot fit are refused with the limit that would do, exit code 2', () => {
  const { code, err } = runToEnd([plimsoll, 'plan', '--limit', '256MiB', '--workers', '20', '--node', '24']);
  expect(code).toBe(2);
  expect(err).toContain(
    'Raise the memory limit to at least 610 MiB, or lower the number of workers (PLIMSOLL_WORKERS)',
  );
});

test.each([
  ['9999999', 'nothing was measured of process 9999999'],
  ['no-such-incident', 'no-such-incident is no process id, no incident folder and not history'],
  ['history', 'knows of no process and no incident'],
])('plan --observe %s without anything measured ends with 2: "%s"', (subject, message) => {
  const env = { PLIMSOLL_INCIDENT_DIR: join(folder, 'empty') };
  const { code, out, err } = runToEnd([plimsoll, 'plan', '--observe', subject], { env });
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toContain(message);
});

test('a running service with 80 MiB of Buffers, its incident and the history are each planned with 80 to 100 MiB outside the heap', async () => {
  const incidentDir = join(folder, 'observed');
  const service = join(folder, 'service.mjs');
  const index = pathToFileURL(join(import.meta.dirname, '..', '..', 'dist', 'index.js')).href;
  writeFileSync(
    service,
    `import { start } from ${JSON.stringify(index)};
     const guard = start();
     const kept = Buffer.alloc(80 * 2 ** 20, 1);
     setTimeout(() => console.log(guard.capture('a test').folder), 2500);
     setInterval(() => kept.length, 1000);`,
  );
  const child = spawn(process.execPath, [service], {
    env: cleanEnvironment({ PLIMSOLL_INCIDENT_DIR: incidentDir, PLIMSOLL_LIMIT: '1GiB' }),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const [chunk] = (await once(child.stdout, 'data')) as [Buffer];
    for (const subject of [String(child.pid), chunk.toString().trim(), 'history']) {
      const words = [plimsoll, 'plan', '--observe', subject, '--limit', '512MiB', '--json'];
      const { out } = runToEnd(words, { env: { PLIMSOLL_INCIDENT_DIR: incidentDir } });
      const { observed } = JSON.parse(out) as { observed: { externalBytes: number; readingCount: number } };
      expect(observed.readingCount).toBeGreaterThan(1);
      expect(observed.externalBytes).toBeGreaterThanOrEqual(80 * 2 ** 20);
      expect(observed.externalBytes).toBeLessThan(100 * 2 ** 20);
    }
  } finally {
    child.kill('SIGKILL');
  }
});

test('with three children stated, the service and a child that it starts, forks or clusters have the same old space and 3 × 8 MiB of 1 GiB each', () => {
  const service = join(folder, 'parent.cjs');
  writeFileSync(
    service,
    `const { execFileSync, fork } = require('node:child_process');
     const cluster = require('node:cluster');
     const sizeMib = require('node:v8').getHeapStatistics().heap_size_limit / 2 ** 20;
     if (process.send !== undefined) process.send(sizeMib, () => process.disconnect());
     else {
       console.log(sizeMib, Number(execFileSync('node', ['-p', 'v8.getHeapStatistics().heap_size_limit / 2 ** 20'])));
       fork(__filename).on('message', (forkedMib) => {
         cluster.fork().on('message', (clusteredMib) => console.log(forkedMib, clusteredMib));
       });
     }`,
  );
  const words = [plimsoll, 'run', '--limit', '1GiB', '--children', '3', '--', 'node', service];
  const { heapLimit: each } = plannedMib(1024, { childCount: 3 });
  expect(runToEnd(words)).toMatchObject({ code: 0, out: `${each} ${each}\n${each} ${each}\n` });
});
