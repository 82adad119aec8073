import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type KernelCounters, type MemorySample, mib, type PressureLevel } from '@plimsoll/memory';
import { expect, test } from 'vitest';
import { reportDeadRuns } from '../../src/deaths/dead-runs.ts';
import { readDeaths } from '../../src/deaths/death-log.ts';
import { describeProcess } from '../../src/guard/guard-folders.ts';
import { IncidentEpisode } from '../../src/incident/incident-episode.ts';
import { readIncident } from '../../src/incident/incident-record.ts';
import { IncidentStore } from '../../src/incident/incident-store.ts';
import { verifyIncident } from '../../src/incident/verify-incident.ts';
import { GuardLog } from '../../src/log/guard-log.ts';
import { identifyProcess, type ProcessIdentity } from '../../src/run/process-identity.ts';
import { RunFolder } from '../../src/run/run-folder.ts';
import { readTimeline } from '../../src/timeline/timeline-ring.ts';
import { momentOf } from '../ladder/moment.ts';
import { sampleOf } from '../sample.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const atMs = Date.UTC(2026, 10, 20, 17, 0, 0);

/** A host on which processes die. */
class Host {
  readonly dir = temporaryFolder();
  readonly store = new IncidentStore({ dir: this.dir, quotaBytes: mib(64), maxCount: 20, maxAgeMs: 1e12 });
  readonly #self: ProcessIdentity = identifyProcess();
  #bootNumber = 0;

  /** Leaves what a process leaves that was killed: one tick for each sample, `incident` with the first of them. */
  die(
    samples: readonly Partial<MemorySample>[],
    members: { level?: PressureLevel; lastWords?: string; hasIncident?: boolean } = {},
  ): { runPath: string; incident: string | null } {
    this.#bootNumber += 1;
    const bootId = this.#bootNumber.toString(16).padStart(8, '0');
    const identity = { ...this.#self, pid: spawnSync('true').pid, bootId };
    const run = new RunFolder(join(this.dir, 'run'), identity);
    const { level = 'normal', lastWords, hasIncident = false } = members;
    const whole = samples.map((sample) => sampleOf(sample));
    const [first] = whole;
    const incident = hasIncident && first ? this.#open(identity, first, run.timeline.path) : null;
    for (const sample of whole) run.timeline.write(sample, level);
    const sample = whole.at(-1) ?? sampleOf();
    run.writeStatus({
      schemaVersion: 1,
      identity,
      atMs: sample.atMs,
      level,
      sample,
      trend: {},
      incident,
      offReasons: [],
      ...(lastWords === undefined ? {} : { lastWords }),
    });
    run.timeline.close();
    return { runPath: run.path, incident };
  }

  #open(identity: ProcessIdentity, sample: MemorySample, timelinePath: string): string {
    const folder = this.store.open({ ...identity, openedAtMs: sample.atMs, trigger: 'growth' });
    const { limitBytes, heapLimitBytes } = sample;
    const episode = new IncidentEpisode(folder, {
      trigger: { name: 'growth', sentence: 'It grows.', atMs: sample.atMs },
      process: describeProcess(identity),
      limit: { limitBytes, heapLimitBytes, source: 'cgroup-v2', origin: 'memory.max' },
      atTrigger: sample,
      timelinePath,
    });
    episode.write(momentOf({ sample }));
    return folder.path;
  }

  /** The next start: the lines it writes. */
  start(kernelNow: KernelCounters = sampleOf().kernel): { message: string; incident: string | null }[] {
    const output = join(this.dir, 'stderr');
    const descriptor = openSync(output, 'w');
    reportDeadRuns({
      runDir: join(this.dir, 'run'),
      self: this.#self,
      store: this.store,
      log: new GuardLog('json', descriptor),
      process: describeProcess(this.#self),
      limit: { source: 'cgroup-v2', origin: 'memory.max' },
      cooldownMs: 3_600_000,
      isDry: false,
      kernelNow,
    });
    closeSync(descriptor);
    const lines = readFileSync(output, 'utf8').split('\n');
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line));
  }

  get deaths() {
    return readDeaths(join(this.dir, 'run')).map(({ isMemory, because }) => ({ isMemory, because }));
  }

  get incidents(): string[] {
    return this.store.list().map(({ path }) => path);
  }
}

const used = (megabytes: number, members: Partial<MemorySample> = {}): Partial<MemorySample> => ({
  atMs,
  workingSetBytes: mib(megabytes),
  headroomBytes: mib(256 - megabytes),
  ...members,
});

test('a process that ended at 250 of 256 MiB with an incident is told in one line; the incident gets its end and the timeline to the last tick, and is whole', async () => {
  const host = new Host();
  const updatedAtMs = Date.now();
  const { incident, runPath } = host.die(
    [used(100, { atMs: updatedAtMs }), used(250, { atMs: updatedAtMs + 4000, heapUsedBytes: mib(140) })],
    { level: 'terminal', hasIncident: true },
  );
  const [line] = host.start();
  expect(line).toMatchObject({ plimsoll: 'found-death', incident, isMemory: true });
  expect(line?.message).toContain(
    ', at 250 MiB of 256 MiB, heap 140 MiB of 199 MiB: memory: last headroom 6 MiB. In its last 4 s the heap grew by 80 MiB. Evidence: ',
  );
  const record = readIncident(incident as string);
  expect(record.ending).toMatchObject({ exitCode: null, atMs: updatedAtMs + 4000 });
  expect(record.ending?.sentence).toContain('ended without a word');
  expect(readFileSync(join(incident as string, 'timeline.csv'), 'utf8').split('\n')).toHaveLength(4);
  expect(existsSync(runPath)).toBe(false);
  expect(host.incidents).toEqual([incident]);
  expect(await verifyIncident(incident as string)).toEqual({ faults: [], fileCount: 6 });
});

test('a death of memory that nothing was filed for becomes an incident of its own, with the timeline of its process', () => {
  const host = new Host();
  host.die([used(100), used(200, { atMs: atMs + 2000, externalBytes: mib(104) })], { level: 'critical' });
  const [line] = host.start();
  const [incident] = host.incidents;
  expect(line).toMatchObject({ plimsoll: 'found-death', incident });
  const record = readIncident(incident as string);
  expect(record.trigger).toMatchObject({ name: 'death', atMs: atMs + 2000 });
  expect(record.trigger.sentence).toContain(
    'In its last 2 s Buffers and other external memory grew by 100 MiB.',
  );
  expect(record.latest).toMatchObject({ workingSetBytes: mib(200), externalBytes: mib(104) });
  expect(record.deepestLevel).toBe('critical');
  expect(readTimeline(join(incident as string, 'timeline.ring'))).toHaveLength(2);
  expect(readdirSync(incident as string).sort()).toEqual([
    'README.txt',
    'incident.json',
    'manifest.json',
    'timeline.csv',
    'timeline.ring',
  ]);
});

test('61 % of the limit left: recorded as not memory, no incident, nothing of the run left', () => {
  const host = new Host();
  const { runPath } = host.die([used(100)]);
  const [line] = host.start();
  expect(line).toMatchObject({
    plimsoll: 'found-end',
    isMemory: false,
    message:
      'The process before this one ended without a word at 2026-11-20T17:00:00.000Z, at 100 MiB of 256 MiB, heap 60 MiB of 199 MiB: not memory: last headroom 61 %.',
  });
  expect(host.deaths).toEqual([{ isMemory: false, because: 'not memory: last headroom 61 %' }]);
  expect([host.incidents, existsSync(runPath)]).toEqual([[], false]);
});

test('with 61 % left, one kill more in the counters of the kernel is a death of memory', () => {
  const host = new Host();
  host.die([used(100)]);
  host.start({ ...sampleOf().kernel, oomKillCount: 1 });
  expect(host.deaths).toEqual([
    { isMemory: true, because: 'memory: the kernel has killed a process of this container since' },
  ]);
  expect(host.incidents).toHaveLength(1);
});

test('with 41 % left and growth of 50 MiB a second the end is one of memory', () => {
  const host = new Host();
  host.die([used(100), used(150, { atMs: atMs + 1000 })]);
  host.start();
  expect(host.deaths).toEqual([
    { isMemory: true, because: 'memory: it grew by 50 MiB a second, with 106 MiB left' },
  ]);
});

test('a crash loop of 30 deaths in 15 minutes leaves 1 incident and 30 lines', () => {
  const host = new Host();
  for (let life = 0; life < 30; life += 1) {
    host.die([used(250, { atMs: atMs + life * 30_000 })], { level: 'terminal' });
    expect(host.start()).toHaveLength(1);
  }
  expect([host.incidents.length, host.deaths.length]).toEqual([1, 30]);
});

test('a process that said why it ended is told with its last words', () => {
  const host = new Host();
  const lastWords = 'JavaScript heap out of memory: Map `sessions`.';
  host.die([used(250)], { level: 'terminal', lastWords });
  expect(host.start()[0]?.message).toMatch(
    /^The process before this one ended at 2026-11-20T17:00:00\.000Z, .* Its last words: JavaScript heap out of memory: Map `sessions`\. Evidence: /,
  );
});

test('a run that another process has claimed a moment ago is left to it', () => {
  const host = new Host();
  const { runPath } = host.die([used(100)]);
  spawnSync('mv', [runPath, `${runPath}.claimed-ffffffff`]);
  expect(host.start()).toEqual([]);
});
