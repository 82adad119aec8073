import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mib } from '@plimsoll/memory';
import { expect, onTestFinished, test } from 'vitest';
import { cgroupRefusal, MemoryCgroup } from '../../../../benchmarks/cgroup/memory-cgroup.mjs';
import { type IncidentRecord, readIncident } from '../../src/index.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const program = join(import.meta.dirname, 'programs', 'leaking.mjs');
const refusal = cgroupRefusal();
const title = (fact: string): string => (refusal === undefined ? fact : `${fact} [SKIPPED: ${refusal}]`);

interface Death {
  readonly code: number | null;
  readonly signal: string | null;
  /** The lines on stderr that are the guard's. */
  readonly lines: readonly Record<string, unknown>[];
  readonly stderr: string;
  readonly folder: string;
  readonly record: IncidentRecord;
  readonly files: readonly string[];
  readonly peakBytes: number | undefined;
  readonly oomKillCount: number | undefined;
}

interface DeathTerms {
  readonly options?: object;
  readonly env?: Record<string, string>;
}

/** Runs the program to its end, in a cgroup of `limitMib` where there is one. */
async function die(
  form: string,
  flags: readonly string[],
  limitMib: number | undefined,
  { options = {}, env = {} }: DeathTerms = {},
): Promise<Death> {
  const incidentDir = temporaryFolder();
  const words = [...flags, program, form, incidentDir, JSON.stringify(options)];
  const settings = { timeoutMs: 60_000, env: { PATH: process.env['PATH'], ...env } };
  const cgroup = limitMib === undefined ? undefined : new MemoryCgroup(mib(limitMib));
  try {
    const { code, signal, stderr } =
      cgroup === undefined
        ? await runAlone(words, settings)
        : await cgroup.run(process.execPath, words, settings);
    const { peakBytes, oomKillCount } = cgroup ?? {};
    return deathOf({ code, signal, stderr, peakBytes, oomKillCount }, incidentDir);
  } finally {
    cgroup?.remove();
  }
}

type End = Pick<Death, 'code' | 'signal' | 'stderr' | 'peakBytes' | 'oomKillCount'>;

function deathOf(end: End, incidentDir: string): Death {
  const [name] = readdirSync(incidentDir).filter((entry) => entry !== 'run');
  const folder = join(incidentDir, name ?? 'no incident');
  const lines = end.stderr.split('\n').filter((line) => line.startsWith('{"plimsoll"'));
  return {
    ...end,
    lines: lines.map((line) => JSON.parse(line) as Record<string, unknown>),
    folder,
    record: readIncident(folder),
    files: readdirSync(folder).sort(),
  };
}

async function runAlone(
  words: readonly string[],
  { env, timeoutMs }: { env: NodeJS.ProcessEnv; timeoutMs: number },
): Promise<{ code: number | null; signal: string | null; stderr: string }> {
  const child = spawn(process.execPath, words, {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: timeoutMs,
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  return { code, signal, stderr };
}

test.skipIf(refusal !== undefined)(
  title(
    'at V8’s limit in a 256 MiB container the process ends with 134 and says that Map `sessions` holds the heap',
  ),
  async () => {
    const death = await die('leak', ['--max-old-space-size=120', '--max-semi-space-size=4'], 256);
    expect([death.code, death.signal, death.oomKillCount]).toEqual([null, 'SIGABRT', 0]);
    const { record, lines } = death;
    expect(record.autopsy?.findings[0]).toMatchObject({
      kind: 'container',
      name: 'sessions',
      path: 'sessions',
    });
    expect(record.autopsy?.sentence).toMatch(
      /^Map `sessions` \(.*leaking\.mjs:14\) holds [\d,]+ entries, about \d+(\.\d)? MiB of the \d+(\.\d)? MiB heap; allocated in `\w+` \(.*leaking\.mjs:\d+\)\.$/,
    );
    // Where @datadog/pprof is in reach its file is there too.
    expect(death.files.filter((name) => !name.endsWith('.pb.gz'))).toEqual([
      'README.txt',
      'allocation.heapprofile',
      'autopsy.json',
      'census.json',
      'incident.json',
      'journal.ndjson',
      'manifest.json',
      'timeline.csv',
      'timeline.ring',
    ]);
    expect(record.ending).toMatchObject({ exitCode: 134 });
    const events = lines.map(({ plimsoll }) => plimsoll);
    expect(events.filter((event) => event === 'near-limit')).toHaveLength(1);
    expect(events.at(-1)).toBe('death');
    expect(lines.at(-1)?.['message']).toContain(record.autopsy?.sentence);
    expect(lines.at(-1)?.['message']).toMatch(
      /^JavaScript heap out of memory: V8 reached its heap limit of 132 MiB/,
    );
    const readme = readFileSync(join(death.folder, 'README.txt'), 'utf8');
    expect(readme).toContain(record.autopsy?.sentence);
    // No key and no value anywhere: they all carry this word.
    const written = death.files.map((name) => readFileSync(join(death.folder, name), 'latin1')).join('');
    expect(`${written}${death.stderr}`).not.toMatch(/(key|value)-secret/);
    const { tookMs } = JSON.parse(readFileSync(join(death.folder, 'autopsy.json'), 'utf8')) as {
      tookMs: number;
    };
    expect(tookMs).toBeGreaterThan(0);
    expect(record.latest.heapLimitBytes).toBe(mib(132));
  },
  90_000,
);

test.skipIf(refusal !== undefined)(
  title(
    'where the kernel’s limit comes first, the autopsy is on disk before the last 24 MiB are used, and names no innocent Map',
  ),
  async () => {
    const death = await die('buffers', ['--max-old-space-size=400'], 256);
    expect([death.signal, death.record.ending]).toEqual(['SIGKILL', undefined]);
    expect(death.files).toContain('autopsy.json');
    expect(death.files.filter((name) => name.endsWith('.partial'))).toEqual([]);
    const [finding] = death.record.autopsy?.findings ?? [];
    expect(['bodies', 'unknown']).toContain(finding?.name);
  },
  90_000,
);

test('PLIMSOLL_EXIT_CODE is the code of the end; the termination message holds the last words; nothing is written to it before', async () => {
  const path = join(temporaryFolder(), 'termination-log');
  writeFileSync(path, '');
  const death = await die('leak', ['--max-old-space-size=60', '--max-semi-space-size=2'], undefined, {
    env: { PLIMSOLL_EXIT_CODE: '77', PLIMSOLL_TERMINATION_LOG: path, PLIMSOLL_LIMIT: '512MiB' },
  });
  expect([death.code, death.signal]).toEqual([77, null]);
  const message = readFileSync(path, 'utf8');
  expect(message).toContain('the process ends with exit code 77. Map `sessions`');
  expect(message).toContain(`Evidence: ${death.folder}`);
  expect(Buffer.byteLength(message)).toBeLessThanOrEqual(4096);
}, 60_000);

test('with PLIMSOLL_AUTOPSY=off V8 ends the process by itself, and profile and timeline are there', async () => {
  const death = await die('slowLeak', ['--max-old-space-size=60', '--max-semi-space-size=2'], undefined, {
    env: { PLIMSOLL_AUTOPSY: 'off', PLIMSOLL_LIMIT: '512MiB' },
  });
  expect(death.signal).toBe('SIGABRT');
  expect(death.stderr).toContain('FATAL ERROR');
  expect(death.files).toEqual(expect.arrayContaining(['allocation.heapprofile', 'timeline.ring']));
  expect(death.files).not.toContain('autopsy.json');
}, 60_000);

test('a heap that may grow goes on past the 54 MiB it was planned for, step by step to 90, and ends there with its last words', async () => {
  const death = await die('leak', ['--max-old-space-size=48', '--max-semi-space-size=2'], undefined, {
    options: { growToMib: 90 },
    env: { PLIMSOLL_LIMIT: '256MiB' },
  });
  expect(death.signal).toBe('SIGABRT');
  const grown = death.lines.filter(({ plimsoll }) => plimsoll === 'grown');
  expect(grown.length).toBeGreaterThanOrEqual(1);
  expect(grown[0]).toMatchObject({ heapLimitBytes: mib(54), growToBytes: mib(90) });
  expect(death.record.latest.heapUsedBytes).toBeGreaterThan(mib(54));
  expect(death.record.latest.heapLimitBytes).toBeLessThanOrEqual(mib(90));
  expect(death.record.autopsy?.findings[0]?.name).toBe('sessions');
}, 60_000);

const canMount = process.platform === 'linux' && process.getuid?.() === 0;

test.skipIf(!canMount)(
  canMount
    ? 'on a disk that fills up after the hook was armed, the last words are filed in the 2 MiB that were put aside'
    : 'on a disk that fills up the last words are filed [SKIPPED: mounting a small disk needs root on Linux]',
  async () => {
    const incidentDir = temporaryFolder();
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'none', incidentDir]);
    onTestFinished(() => void spawnSync('umount', [incidentDir]));
    expect(mounted.status).toBe(0);
    const { signal, stderr } = await runAlone(
      ['--max-old-space-size=60', '--max-semi-space-size=2', program, 'fullDisk', incidentDir],
      { timeoutMs: 60_000, env: { PATH: process.env['PATH'], PLIMSOLL_LIMIT: '512MiB' } },
    );
    expect(signal).toBe('SIGABRT');
    expect(readdirSync(incidentDir)).toContain('filler');
    const line = stderr.split('\n').find((text) => text.startsWith('{"plimsoll":"death"')) ?? '{}';
    const { folder } = JSON.parse(line) as { folder: string };
    const record = readIncident(folder);
    expect(record.ending?.exitCode).toBe(134);
    expect(record.autopsy?.findings[0]).toMatchObject({ name: 'sessions' });
    expect(record.files.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['allocation.heapprofile', 'autopsy.json', 'census.json', 'README.txt']),
    );
  },
  60_000,
);

test('with an inspector port open the hook stands down, says so in one line, and V8 ends the process with the evidence of the ticks', async () => {
  const flags = ['--inspect=127.0.0.1:0', '--max-old-space-size=60', '--max-semi-space-size=2'];
  const death = await die('slowLeak', flags, undefined, { env: { PLIMSOLL_LIMIT: '512MiB' } });
  expect([death.signal, death.record.ending]).toEqual(['SIGABRT', undefined]);
  const degraded = death.lines.filter(({ plimsoll }) => plimsoll === 'degraded');
  expect(degraded.map(({ message }) => message)).toEqual([
    "V8's heap limit is near and its hook stands down: The inspector port is open: a client would be paused with us. A death there is told by what the ticks have filed.",
  ]);
  expect(death.files).toEqual(expect.arrayContaining(['allocation.heapprofile', 'autopsy.json']));
}, 60_000);
