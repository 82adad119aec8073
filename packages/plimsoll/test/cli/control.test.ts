import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { defaultIncidentDir } from '@plimsoll/watchdog';
import { explainIncident, type StoredIncident } from '../../src/cli/control/explain-text.ts';
import { guardFolders, needBytes, requireRoom } from '../../src/cli/control/client.ts';
import { cgroupRefusal, MemoryCgroup } from '../../../../benchmarks/cgroup/memory-cgroup.mjs';
import { temporaryFolder } from '../service.ts';
import { cleanEnvironment, mainFile, type Outcome, plimsoll, runToEnd } from './command.ts';
import { skipUnless } from './skip.ts';

const clientFile = join(mainFile, '..', 'control', 'client.js');

interface Service {
  readonly child: ChildProcess;
  readonly incidentDir: string;
}

/** Starts a guarded service with `plimsoll run`, waits until it answers, and ends it with the test. */
async function startService(
  incidentDir: string = temporaryFolder(),
  limit: string = '256MiB',
): Promise<Service> {
  const file = join(temporaryFolder(), 'service.mjs');
  writeFileSync(file, 'process.stdout.write("up\\n"); setInterval(() => {}, 1000);');
  const child = spawn(plimsoll, ['run', '--limit', limit, '--', 'node', file], {
    env: cleanEnvironment({ PLIMSOLL_INCIDENT_DIR: incidentDir }),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const runDir = join(incidentDir, 'run');
  const isUp = (): boolean =>
    existsSync(runDir) &&
    readdirSync(runDir).some(
      (name) => name.includes(`-${child.pid}-`) && existsSync(join(runDir, name, 'control.sock')),
    );
  while (!isUp()) await new Promise((resolve) => setTimeout(resolve, 20));
  return { child, incidentDir };
}

function run({ incidentDir }: Pick<Service, 'incidentDir'>, ...words: string[]): Outcome {
  return runToEnd([plimsoll, ...words], { env: { PLIMSOLL_INCIDENT_DIR: incidentDir } });
}

test('top shows one line a process, and --json its numbers', async () => {
  const service = await startService();
  const { code, out } = run(service, 'top');
  expect(code).toBe(0);
  const [head = '', row = '', ...rest] = out.trimEnd().split('\n');
  expect(rest).toEqual([]);
  expect(head).toMatch(/^PID +HOST +LEVEL +MEMORY +HEAP +OUTSIDE +FULL IN +LARGEST HOLDER$/);
  expect(row).toMatch(new RegExp(`^${service.child.pid} .* [#.]{17}\\|[#.]{2} .* MiB of 256 MiB `));
  expect(JSON.parse(run(service, 'top', '--json').out)).toMatchObject([
    { identity: { pid: service.child.pid }, limit: { limitBytes: 256 * 2 ** 20 } },
  ]);
});

test('explain says of a process what was seen, what fired, and what did not and why', async () => {
  const service = await startService();
  const { code, out } = run(service, 'explain', String(service.child.pid));
  expect(code).toBe(0);
  expect(out).toMatch(/\nSeen\n {2}limit {10}256 MiB \(option: PLIMSOLL_LIMIT\)\n/);
  expect(out).toContain('\nFired\n  nothing\n');
  expect(out).toMatch(/\nDid not fire\n {2}growth /);
  expect(out).toMatch(/\n {2}ratio {4}\d.* that cannot be had back are \d+ % of 256 MiB; it takes 85 %\.\n/);
  expect(out).toMatch(/\n {2}snapshot /);
  expect(JSON.parse(run(service, 'explain', '--json').out)).toMatchObject({ hasOpenIncident: false });
});

test('capture predicts, takes nothing unasked, files an incident with --yes, and explain reads it when the process is dead', async () => {
  const service = await startService();
  const unasked = run(service, 'capture');
  expect(unasked).toMatchObject({ code: 2, err: expect.stringContaining('--yes') });
  expect(unasked.out).toMatch(/A heap snapshot (?:stops it for about \d+ ms|\w+)|No heap snapshot/);
  const refused = run(service, 'capture', '--max-pause', '0');
  expect(refused.out).toMatch(
    /No heap snapshot: The service would stand still for about \d+ ms .*; 0 ms are allowed\.\n--max-pause \d+ would allow it\./,
  );
  const taken = run(service, 'capture', '--yes', '--no-snapshot');
  expect(taken).toMatchObject({ code: 0, err: '' });
  expect(taken.out).toMatch(
    /-call\n {2}timeline\.csv, .*allocation\.heapprofile(?:, allocation\.pb\.gz)?\nThe service stood still for \d+ ms\.\n$/,
  );
  service.child.kill('SIGKILL');
  await once(service.child, 'exit');
  const { code, out, err } = run(service, 'explain', String(service.child.pid));
  expect(code).toBe(0);
  expect(err).toContain('this is its newest incident on disk');
  expect(out).toMatch(/^Incident \S+-call\n/);
  expect(out).toMatch(
    /\nFired\n {2}call {5}\S+Z {2}plimsoll capture\n {2}profile {2}allocation\.heapprofile, /,
  );
  expect(run(service, 'explain', 'last').out).toBe(out);
  const { folder, record, journal } = JSON.parse(
    run(service, 'explain', 'last', '--json').out,
  ) as StoredIncident & {
    folder: string;
  };
  const autopsy = { sentence: 'Map `sessions` holds 3 entries.' };
  expect(explainIncident(folder, { record: { ...record, autopsy }, journal })).toContain(
    '\n  held by        Map `sessions` holds 3 entries.\n',
  );
});

test('drill is named by profile and autopsy, says what would happen at night, and leaves nothing', async () => {
  // In 256 MiB the pages of the node binary, which no container is charged for here, decide whether a full heap fits.
  const service = await startService(temporaryFolder(), '1GiB');
  const { code, out, err } = run(service, 'drill', '--yes', '--mib', '4', '--seconds', '0.5');
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toMatch(
    /^Leaked 4\.\d MiB in \d.* s and gave it back\.\nEvidence in \d+ ms: .*; removed again\.\n/,
  );
  expect(out).toMatch(/\n {2}profile: \d+ % \(\d.* MiB\) in leak, \S*plimsoll-drill\.js:6:\d+\n/);
  expect(out).toMatch(/\n {2}autopsy: .*`drilledSessions`/);
  expect(out).toMatch(/\nAt night\n {2}A leak in the heap ends at V8’s limit of \d+ MiB \(exit code 134\)/);
  expect(readdirSync(service.incidentDir)).toEqual(['run']);
});

test('census names where the memory of a process was allocated', async () => {
  const { code, out } = run(await startService(), 'census');
  expect(code).toBe(0);
  expect(out).toMatch(
    /\nContainers\n[^]*\nWhere what lives was allocated \(sampled\)\n[^]*\nThe service stood still for \d+ ms\./,
  );
});

test('census --full counts all objects, or says why memory or the pause does not allow it', async () => {
  const counted = run(await startService(), 'census', '--full', '--max-pause', '60000');
  expect(counted.code).toBe(0);
  expect(counted.out).toMatch(
    /\nAll \d{4,} objects\n[^]* {2}Object\n|\nAll objects were not counted\n {2}It may leave .* resident; beside the full heap/,
  );
  const refused = run(await startService(), 'census', '--full', '--max-pause', '1');
  expect(refused.code).toBe(0);
  expect(refused.out).toMatch(
    /\nAll objects were not counted\n(?: {2}It may .*\n)? {2}The service would stand still for about \d+ ms for it; 1 ms are allowed\.\n/,
  );
});

test('of two processes one must be named', async () => {
  const first = await startService();
  const second = await startService(first.incidentDir);
  const { code, err } = run(first, 'explain');
  expect(code).toBe(2);
  for (const { child } of [first, second]) expect(err).toContain(`${child.pid} (`);
  expect(run(first, 'explain', String(second.child.pid)).out).toContain(`Process ${second.child.pid} on`);
  expect(run(first, 'top').out.trimEnd().split('\n')).toHaveLength(3);
});

test.each([
  [['top', '--jsno'], 2, "Unknown option '--jsno'"],
  [['top', '1'], 2, 'too many words'],
  [['capture', '--max-pause', 'long'], 2, '--max-pause is long; expected a number from 0 to 3600000'],
  [['explain'], 5, 'no guarded process answers'],
  [['capture', '77'], 5, 'no guarded process "77" answers'],
  [['incidents', 'show', 'last'], 2, 'no incident "last"'],
  [['incidents', 'prune'], 2, 'give --keep <count> or --max-size <size>'],
])('%j where nothing runs ends with %i and "%s"', (words, code, message) => {
  const outcome = run({ incidentDir: temporaryFolder() }, ...words);
  expect(outcome).toMatchObject({ code, out: '' });
  expect(outcome.err).toContain(message);
});

test('top where nothing runs says where it looked', () => {
  const incidentDir = temporaryFolder();
  expect(run({ incidentDir }, 'top')).toMatchObject({
    code: 0,
    out: `No guarded process answers in ${join(incidentDir, 'run')}. Start one with plimsoll run, or name its folder in PLIMSOLL_RUN_DIR.\n`,
  });
});

test('incidents lists, shows, verifies and prunes; a snapshot cut short is found', async () => {
  const service = await startService();
  run(service, 'capture', '--yes', '--max-pause', '60000');
  const { out: list } = run(service, 'incidents', 'list');
  expect(list).toMatch(/^\S+-call +\d.* [MK]iB {2}plimsoll capture\n$/);
  const [name = ''] = list.split(' ');
  expect(run(service, 'incidents', 'show', name.slice(0, 12)).out).toMatch(/^Memory incident /);
  expect(JSON.parse(run(service, 'incidents', 'show', 'last', '--json').out)).toMatchObject({ id: name });
  expect(run(service, 'incidents', 'verify')).toMatchObject({
    code: 0,
    out: expect.stringMatching(/: whole, \d+ files\n$/),
  });
  const snapshot = join(service.incidentDir, name, 'heap-1.heapsnapshot');
  truncateSync(snapshot, 100_000);
  const broken = run(service, 'incidents', 'verify', 'last');
  expect(broken.code).toBe(3);
  expect(broken.out).toContain(`${name}: heap-1.heapsnapshot: `);
  expect(run(service, 'incidents', 'prune', '--keep', '0').out).toMatch(
    /^would remove \S+-call .*\n--yes removes them\.\n$/,
  );
  expect(existsSync(snapshot)).toBe(true);
  expect(run(service, 'incidents', 'prune', '--keep', '0', '--yes').out).toMatch(/^removed \S+-call /);
  expect(readdirSync(service.incidentDir)).toEqual(['run']);
});

test('the client is one file that imports nothing but Node.js and answers by itself, copied anywhere', async () => {
  const service = await startService();
  const imports = [...readFileSync(clientFile, 'utf8').matchAll(/ from '([^']+)'/g)].map((match) => match[1]);
  expect(imports.filter((name) => name?.startsWith('node:') !== true)).toEqual([]);
  const copy = join(temporaryFolder(), 'client.mjs');
  copyFileSync(clientFile, copy);
  const env = { PLIMSOLL_INCIDENT_DIR: service.incidentDir };
  const { code, out } = runToEnd(['node', copy, String(service.child.pid), 'journal', '{"count":1}'], {
    env,
  });
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ entries: [{ part: expect.any(String) }] });
});

test('the commands of a full container load no package: they run where none is installed', async () => {
  const service = await startService();
  const copy = join(temporaryFolder(), 'dist', 'cli');
  cpSync(join(mainFile, '..'), copy, { recursive: true });
  writeFileSync(join(copy, '..', '..', 'package.json'), '{"type":"module","version":"0.0.0"}');
  const env = { PLIMSOLL_INCIDENT_DIR: service.incidentDir };
  for (const words of [['top'], ['explain'], ['census'], ['capture', '--yes', '--no-snapshot']]) {
    const outcome = runToEnd(['node', join(copy, 'main.js'), ...words], { env });
    expect([words[0], outcome.code, outcome.err]).toEqual([
      words[0],
      expect.any(Number),
      expect.not.stringContaining('ERR_MODULE_NOT_FOUND'),
    ]);
    expect([0, 6]).toContain(outcome.code);
  }
  expect(runToEnd(['node', join(copy, 'main.js'), 'plan'], { env }).err).toContain('ERR_MODULE_NOT_FOUND');
});

test('a command charged to a container with less than 4 MiB left ends instead, another one goes on', () => {
  expect(() => requireRoom(process.pid, needBytes - 1, '/run/x')).toThrow(
    'has 4.0 MiB left, this command may need 4.0 MiB of it and ends here. Read /run/x/status.json with cat.',
  );
  expect(() => requireRoom(process.pid, needBytes, '/run/x')).not.toThrow();
});

test('the folders of the client are those of the guard', () => {
  expect(guardFolders({}).incidentDir).toBe(defaultIncidentDir());
  expect(guardFolders({ PLIMSOLL_INCIDENT_DIR: '/a', PLIMSOLL_RUN_DIR: '' })).toEqual({
    incidentDir: '/a',
    runDir: '/a/run',
  });
  expect(guardFolders({ PLIMSOLL_INCIDENT_DIR: '/a', PLIMSOLL_RUN_DIR: '/b' }).runDir).toBe('/b');
});

skipUnless('script', ['--version'])(
  'on a terminal capture asks, and anything but y takes nothing',
  async () => {
    const service = await startService();
    const ask = (answer: string): Outcome =>
      runToEnd(['script', '-qec', `${plimsoll} capture --no-snapshot`, '/dev/null'], {
        env: { PLIMSOLL_INCIDENT_DIR: service.incidentDir },
        input: answer,
      });
    expect(ask('n\n').out).toContain('Capture? [y/N]');
    expect(readdirSync(service.incidentDir)).toEqual(['run']);
    expect(ask('y\n').out).toContain('The service stood still');
    expect(readdirSync(service.incidentDir)).toHaveLength(2);
  },
);

const refusal: string | undefined = cgroupRefusal();
if (refusal !== undefined) process.stderr.write(`SKIPPED 1 test of a full container: ${refusal}\n`);

/** Fills its container with Buffers until 10 MiB are left, and keeps it there whatever V8 gives back. */
const fillerSource = `
import { start, memory } from 'plimsoll';
start({ snapshot: 'off', log: 'off' });
const held = [];
const fill = () => {
  while (memory.readMemory().headroomBytes > 10 * 2 ** 20) held.push(Buffer.alloc(2 ** 18, 1));
};
fill();
setInterval(fill, 20);
setTimeout(() => process.stdout.write('full'), 1500);
`;

test.skipIf(refusal !== undefined)(
  `in a full container of 160 MiB top ends with 6 and nobody is killed${refusal === undefined ? '' : ` [SKIPPED: ${refusal}]`}`,
  async () => {
    const incidentDir = temporaryFolder();
    const group = new MemoryCgroup(160 * 2 ** 20);
    onTestFinished(() => group.remove());
    const env = cleanEnvironment({ PLIMSOLL_INCIDENT_DIR: incidentDir });
    const words = ['--max-old-space-size=64', '--input-type=module', '-e', fillerSource];
    const cwd = join(import.meta.dirname, '..', '..');
    let service: ChildProcess | undefined;
    const ended = group.run(process.execPath, words, {
      timeoutMs: 50_000,
      env,
      cwd,
      onSpawn: (child: ChildProcess) => (service = child),
    });
    await once(service?.stdout as NodeJS.ReadableStream, 'data');
    const outcome = await group.run(plimsoll, ['top'], { timeoutMs: 20_000, env });
    expect(outcome).toMatchObject({ code: 6, stdout: '' });
    expect(outcome.stderr).toMatch(
      /^plimsoll: this container has \d+ MiB left and `top` is not started below 12 MiB; cat \S+\/run\/\*\/status\.json shows /,
    );
    expect(group.oomKillCount).toBe(0);
    service?.kill('SIGKILL');
    await ended;
  },
);
