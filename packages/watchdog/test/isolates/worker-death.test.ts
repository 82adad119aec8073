import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { verifyHeapSnapshot } from '@plimsoll/inspect';
import { mib } from '@plimsoll/memory';
import { expect, test, vi } from 'vitest';
import { createMemoryGroup, describeWithCgroup } from '../../../../test/cgroup.ts';
import { readIncident } from '../../src/index.ts';
import { temporaryFolder } from '../temporary-folder.ts';

// Whole processes that fill heaps: their time is the machine's.
vi.setConfig({ testTimeout: 90_000 });

const folder = join(import.meta.dirname, 'programs');

interface Line {
  readonly plimsoll: string;
  readonly message: string;
  readonly threadId?: number;
  readonly folder?: string | null;
  readonly exitCode?: number | null;
}

interface RawSnapshot {
  readonly snapshot: { readonly meta: { readonly node_fields: readonly string[] } };
  readonly nodes: readonly number[];
  readonly strings: readonly string[];
}

/** Runs guarded-pool.mjs to its end. */
const runPool = (form: string, count = 1, env: NodeJS.ProcessEnv = {}) =>
  runProgram('guarded-pool.mjs', [form, String(count)], env);

/** Runs a program of the folder to its end. */
function runProgram(program: string, words: readonly string[] = [], env: NodeJS.ProcessEnv = {}) {
  const incidentDir = temporaryFolder();
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [program, incidentDir, ...words], {
    cwd: folder,
    encoding: 'utf8',
    timeout: 60_000,
    env: { PATH: process.env['PATH'], PLIMSOLL_SENTINEL: 'never', ...env },
  });
  const lines = stderr
    .split('\n')
    .filter((line) => line.startsWith('{"plimsoll"'))
    .map((line) => JSON.parse(line) as Line);
  const incidents = readdirSync(incidentDir).filter((name) => name !== 'run' && !name.startsWith('deaths'));
  return { ending: signal ?? status, stdout, stderr, lines, incidentDir, incidents };
}

test('of two workers that die at their limit both are named, the first leaves its incident, and the process serves on', () => {
  const { ending, stdout, stderr, lines, incidentDir, incidents } = runPool('timers', 2);
  const seen = 'error ERR_WORKER_OUT_OF_MEMORY\nexit 1\n';
  expect([ending, stdout]).toEqual([0, `${seen}${seen}served on, 50000 entries\n`]);
  const [death, second] = lines.filter(({ plimsoll }) => plimsoll === 'death');
  expect(second).toMatchObject({ threadId: 2, folder: null });
  expect(second?.message).toContain('Map `thumbnails`');
  expect(death).toMatchObject({ threadId: 1, exitCode: null });
  expect(death?.message).toMatch(
    /^Worker thread 1 \(leaking-worker\.mjs\): JavaScript heap out of memory: V8 reached its heap limit of .* and the worker ends; its owner gets the error ERR_WORKER_OUT_OF_MEMORY\. Map `thumbnails` \(leaking-worker\.mjs:6\) holds [\d,]+ entries/,
  );
  expect(incidents.map((name) => name.split('-').at(-1))).toEqual(['worker']);
  const record = readIncident(join(incidentDir, incidents[0] ?? ''));
  expect(record.process.thread).toEqual({ threadId: 1, file: 'leaking-worker.mjs' });
  expect(record.trigger.sentence).toMatch(/^Worker thread 1 \(leaking-worker\.mjs\): /);
  expect(record.autopsy?.findings[0]).toMatchObject({ kind: 'container', name: 'thumbnails', line: 6 });
  expect(record.files.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['allocation.heapprofile', 'autopsy.json', 'census.json', 'README.txt']),
  );
  const files = readdirSync(incidentDir, { recursive: true, withFileTypes: true }).filter((file) =>
    file.isFile(),
  );
  const texts = files.map((file) => readFileSync(join(file.parentPath, file.name), 'latin1'));
  expect([...texts, stderr].filter((text) => text.includes('-secret'))).toEqual([]);
});

test('of two workers that fill their heaps in one stretch of code each gets a line, and the first an incident with the timeline that names no variable', () => {
  const { ending, stdout, lines, incidentDir, incidents } = runPool('loop', 2);
  const seen = 'error ERR_WORKER_OUT_OF_MEMORY\nexit 1\n';
  expect([ending, stdout]).toEqual([0, `${seen}${seen}served on, 50000 entries\n`]);
  expect(lines.map(({ plimsoll }) => plimsoll)).toEqual(['armed', 'worker-ended', 'worker-ended']);
  expect(lines[1]?.message).toMatch(
    /^Worker thread 1 \(leaking-worker\.mjs\) met its heap limit and ended with exit code 1 and without a word; \d+ ms before, its heap held .* of 40 MiB\. .* Evidence: /,
  );
  expect(lines[2]).toMatchObject({ threadId: 2, folder: null });
  expect(incidents.map((name) => name.split('-').at(-1))).toEqual(['worker']);
  const record = readIncident(join(incidentDir, incidents[0] ?? ''));
  expect(record.process.thread).toEqual({ threadId: 1, file: 'leaking-worker.mjs' });
  expect(record.latest).toMatchObject({ heapUsedBytes: mib(40), heapLimitBytes: mib(40) });
  expect([record.cause, record.findings]).toEqual([
    'Unknown: nothing on file names what holds 40 MiB of heap and 0 B outside it.',
    [],
  ]);
  expect(record.files.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['timeline.csv', 'timeline.ring', 'journal.ndjson']),
  );
});

test('a capture in a worker is a whole snapshot of the worker’s heap, not of the main thread’s', async () => {
  const { ending, stdout, incidentDir, incidents } = runProgram('asked-worker.mjs');
  expect(ending).toBe(0);
  const told = JSON.parse(stdout) as { folder: string; files: string[]; refusals: string[]; held: number };
  expect([told.refusals, told.held]).toEqual([[], 20_000]);
  expect(told.files).toContain('heap-1.heapsnapshot');
  expect(incidents).toEqual([basename(told.folder)]);
  const record = readIncident(join(incidentDir, incidents[0] ?? ''));
  expect(record.process.thread?.file).toBe('capturing-worker.mjs');
  const path = join(told.folder, 'heap-1.heapsnapshot');
  expect(await verifyHeapSnapshot(path)).toMatchObject({ valid: true });
  const { snapshot, nodes, strings } = JSON.parse(readFileSync(path, 'utf8')) as RawSnapshot;
  const fields = snapshot.meta.node_fields;
  const nameAt = fields.indexOf('name');
  let thumbnailCount = 0;
  for (let at = nameAt; at < nodes.length; at += fields.length)
    if (strings[nodes[at] ?? 0] === 'ThumbnailOfWorker') thumbnailCount += 1;
  expect(thumbnailCount).toBeGreaterThanOrEqual(20_000);
  expect(strings).not.toContain('OrderOfMain');
});

test('a worker that a worker has started is guarded: its own incident at its limit, and the one that started it lives on', () => {
  const { ending, stdout, lines, incidentDir, incidents } = runProgram('nested-pool.mjs', ['timers']);
  expect([ending, stdout]).toEqual([
    0,
    'error ERR_WORKER_OUT_OF_MEMORY\nexit 1, outer guarded\nouter exit 0\n',
  ]);
  expect(lines.find(({ plimsoll }) => plimsoll === 'death')?.message).toContain('Map `thumbnails`');
  expect(incidents.map((name) => name.split('-').at(-1))).toEqual(['worker']);
  expect(readIncident(join(incidentDir, incidents[0] ?? '')).process.thread?.file).toBe('leaking-worker.mjs');
});

test('a nested worker that dies without a word gets its line from the worker that started it', () => {
  const { ending, lines, incidents } = runProgram('nested-pool.mjs', ['loop']);
  expect(ending).toBe(0);
  expect(lines.map(({ plimsoll }) => plimsoll)).toEqual(['armed', 'worker-ended']);
  expect(lines[1]?.message).toContain('(leaking-worker.mjs) met its heap limit');
  expect(incidents.map((name) => name.split('-').at(-1))).toEqual(['worker']);
});

test('workers that run without the guard are counted in one line, and the death of one is told', () => {
  const { ending, stdout, lines } = runProgram('unguarded-workers.mjs');
  expect([ending, stdout]).toEqual([0, 'error ERR_WORKER_OUT_OF_MEMORY\n']);
  const [, unguarded, ended] = lines;
  expect(lines.map(({ plimsoll }) => plimsoll)).toEqual(['armed', 'degraded', 'worker-ended']);
  expect(unguarded?.message).toMatch(/^3 worker threads run without the guard: .* call start\(\)/);
  expect(ended?.message).toMatch(
    /^Worker thread 3 met its heap limit and ended with exit code 1\. It ran without the guard/,
  );
});

test('a worker that ends well says nothing', () => {
  const { ending, stdout, lines } = runPool('idle');
  expect([ending, stdout]).toEqual([0, 'exit 0\nserved on, 50000 entries\n']);
  expect(lines.map(({ plimsoll }) => plimsoll)).toEqual(['armed']);
});

test('with PLIMSOLL_AUTOPSY=off the worker’s death is Node’s own', () => {
  const { ending, stdout, lines } = runPool('timers', 1, { PLIMSOLL_AUTOPSY: 'off' });
  expect([ending, stdout]).toEqual([0, 'error ERR_WORKER_OUT_OF_MEMORY\nexit 1\nserved on, 50000 entries\n']);
  expect(lines.filter(({ plimsoll }) => plimsoll === 'death')).toEqual([]);
});

test('with PLIMSOLL=off nothing is watched and nothing is said', () => {
  const { ending, stdout, lines } = runPool('idle', 1, { PLIMSOLL: 'off' });
  expect([ending, stdout, lines]).toEqual([0, 'exit 0\nserved on, 50000 entries\n', []]);
});

describeWithCgroup('a worker whose heap may grow beyond its control group of 200 MiB', () => {
  test('is named by its own incident before the kernel kills, and by the main thread’s', async () => {
    const incidentDir = temporaryFolder();
    using group = createMemoryGroup(mib(200));
    const words = [join(folder, 'guarded-pool.mjs'), incidentDir, 'timers', '1', '400'];
    const env = { PATH: process.env['PATH'] };
    const { signal } = await group.run(process.execPath, words, { env, cwd: folder });
    expect([signal, group.oomKillCount]).toEqual(['SIGKILL', 1]);
    const records = readdirSync(incidentDir)
      .filter((name) => /^\d{8}T/.test(name))
      .map((name) => readIncident(join(incidentDir, name)));
    const own = records.find(({ trigger }) => trigger.name === 'worker');
    expect(own?.process.thread?.file).toBe('leaking-worker.mjs');
    expect(own?.autopsy?.findings[0]).toMatchObject({ kind: 'container', name: 'thumbnails' });
    const main = records.find(({ trigger }) => trigger.name !== 'worker');
    expect(main?.cause).toMatch(/^Worker thread 1 \(leaking-worker\.mjs\) holds /);
    expect(main?.workers?.[0]?.file).toBe('leaking-worker.mjs');
    expect(main?.latest.workerHeapBytes).toBeGreaterThan(mib(60));
    // The healthy Map of the main thread is not to blame.
    expect(main?.autopsy?.findings[0]?.name).not.toBe('innocent');
  });
});
