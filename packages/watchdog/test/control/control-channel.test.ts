import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { mib } from '@plimsoll/memory';
import { expect, test } from 'vitest';
import { readIncident } from '../../src/index.ts';
import type { DrillReport } from '../../src/control/drill.ts';
import { controlMethods } from '../../src/control/protocol.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { ControlClient, socketsOf, startGuarded } from './guarded-child.ts';

test('the socket is 0600 in a 0700 folder, answers what is held and seen, and goes with the process', async () => {
  const child = startGuarded(temporaryFolder());
  const [path = ''] = await socketsOf(child);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(statSync(join(path, '..')).mode & 0o777).toBe(0o700);
  using client = await ControlClient.open(path);
  const sample = await client.ask('sample');
  expect(sample).toMatchObject({
    identity: { pid: child.process.pid },
    level: 'normal',
    largestHolder: { name: 'cache', bytes: 100_000 },
  });
  expect(sample).toHaveProperty('sample.workingSetBytes', expect.any(Number));
  expect(await client.ask('holders')).toMatchObject({ heldBytes: 100_000, budgetBytes: null });
  expect(await client.ask('reclaim', { targetBytes: 25_000 })).toMatchObject({ returnedBytes: 25_000 });
  expect(await client.ask('holders')).toMatchObject({ heldBytes: 75_000 });
  expect(await client.ask('journal', { count: 1 })).toMatchObject({
    entries: [{ part: 'reclaim', event: 'reclaimed' }],
  });
  await expect(client.ask('plan')).rejects.toThrow('off: No heap was planned');
  const names = ['growth', 'off-heap', 'ratio', 'livelock', 'critical', 'terminal'];
  expect(await client.ask('explain')).toMatchObject({
    triggers: names.map((trigger) => ({ trigger, fires: false })),
    hasOpenIncident: false,
    cooldown: { leftMs: 0 },
  });
  child.process.stdin?.end();
  expect(await once(child.process, 'exit')).toEqual([0, null]);
  expect(existsSync(path)).toBe(false);
});

test('a capture is predicted, then taken; the second at once is refused; a census names the containers', async () => {
  const child = startGuarded(temporaryFolder());
  const [path = ''] = await socketsOf(child);
  using client = await ControlClient.open(path);
  expect(await client.ask('capture', { dryRun: true })).toHaveProperty(
    'forecast.numbers.pauseMs',
    expect.any(Number),
  );
  expect(readdirSync(child.incidentDir)).toEqual(['run']);
  const taken = await client.ask<{ files: string[]; folder: string; tookMs: number }>('capture', {
    reason: 'the release',
    snapshot: false,
  });
  expect(taken.files).toEqual(
    expect.arrayContaining(['allocation.heapprofile', 'timeline.csv', 'README.txt']),
  );
  expect(taken.files).not.toContain('heap-1.heapsnapshot');
  expect(readIncident(taken.folder).trigger).toMatchObject({ name: 'call', sentence: 'the release' });
  expect(await client.ask('explain')).toMatchObject({ hasOpenIncident: true, cooldown: { leftMs: 0 } });
  await expect(client.ask('capture', { snapshot: false })).rejects.toThrow('busy: The service stood still');
  await new Promise((resolve) => setTimeout(resolve, Math.min(60_000, taken.tookMs * 9 + 50)));
  expect(await client.ask('census')).toHaveProperty('findings.0.name', expect.any(String));
});

test.each([
  ['no JSON', 'not json\n', 'bad-request', 'not JSON'],
  ['no id', '{"method":"sample"}\n', 'bad-request', 'id is missing'],
  ['an unknown method', '{"id":1,"method":"stop"}\n', 'bad-request', controlMethods.join(', ')],
  ['no number', '{"id":1,"method":"reclaim"}\n', 'bad-request', 'targetBytes is missing'],
  [
    'a number out of range',
    '{"id":1,"method":"journal","params":{"count":0}}\n',
    'bad-request',
    'from 1 to 1024',
  ],
  [
    'a line of 4150 characters',
    `{"id":1,"method":"sample","params":{"x":"${'x'.repeat(4096)}"}}\n`,
    'bad-request',
    'longer than 4096',
  ],
  ['5000 characters without a newline', 'x'.repeat(5000), 'bad-request', 'longer than 4096'],
])('a request with %s is refused and the service goes on', async (_, line, code, message) => {
  const child = startGuarded(temporaryFolder());
  const [path = ''] = await socketsOf(child);
  using client = await ControlClient.open(path);
  client.socket.write(line);
  const { error } = (await client.nextLine()) as { error: { code: string; message: string } };
  expect(error.code).toBe(code);
  expect(error.message).toContain(message);
  using other = await ControlClient.open(path);
  expect(await other.ask('sample')).toHaveProperty('level', 'normal');
});

test('the fifth client is told that 4 are connected, and let in when one has left', async () => {
  const child = startGuarded(temporaryFolder());
  const [path = ''] = await socketsOf(child);
  const clients: ControlClient[] = [];
  for (let count = 0; count < 4; count += 1) {
    const client = await ControlClient.open(path);
    await client.ask('sample');
    clients.push(client);
  }
  using fifth = await ControlClient.open(path);
  expect(await fifth.nextLine()).toMatchObject({
    error: { code: 'busy', message: '4 clients are connected.' },
  });
  clients[0]?.socket.destroy();
  for (const client of clients.slice(1)) await client.ask('sample');
  using sixth = await ControlClient.open(path);
  expect(await sixth.ask('sample')).toHaveProperty('level', 'normal');
  for (const client of clients) client.socket.destroy();
});

test('a process ends although a client is connected', async () => {
  const child = startGuarded(temporaryFolder());
  const [path = ''] = await socketsOf(child);
  using client = await ControlClient.open(path);
  await client.ask('sample');
  child.process.stdin?.end();
  expect(await once(child.process, 'exit')).toEqual([0, null]);
});

test('two workers of a cluster have a socket each', async () => {
  const child = startGuarded(temporaryFolder(), ['cluster']);
  const paths = await socketsOf(child, 2);
  const pids = new Set<number>();
  for (const path of paths) {
    using client = await ControlClient.open(path);
    const { identity } = await client.ask<{ identity: { pid: number } }>('sample');
    pids.add(identity.pid);
  }
  expect(pids.size).toBe(2);
  child.process.stdin?.end();
  await once(child.process, 'exit');
});

test('a socket whose path is longer than the kernel takes is reached all the same', async () => {
  const incidentDir = join(temporaryFolder(), 'a'.repeat(90));
  mkdirSync(incidentDir, { mode: 0o700 });
  const child = startGuarded(incidentDir);
  const [path = ''] = await socketsOf(child);
  expect(path.length).toBeGreaterThan(107);
  const { socketAddress } = await import('../../src/control/socket-address.ts');
  using address = socketAddress(path);
  using client = await ControlClient.open(address.path);
  expect(await client.ask('sample')).toHaveProperty('level', 'normal');
});

test('PLIMSOLL_CONTROL=off opens no socket', async () => {
  const child = startGuarded(temporaryFolder(), [], { PLIMSOLL_CONTROL: 'off' });
  await child.hasStarted;
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const [run = ''] = readdirSync(join(child.incidentDir, 'run'));
  expect(readdirSync(join(child.incidentDir, 'run', run)).sort()).toEqual([
    '.v8-end',
    'status.json',
    'timeline.ring',
  ]);
});

test('a killed process leaves a socket that nobody answers; the next start removes it', async () => {
  const child = startGuarded(temporaryFolder());
  const [path = ''] = await socketsOf(child);
  child.process.kill('SIGKILL');
  await once(child.process, 'exit');
  expect(existsSync(path)).toBe(true);
  const next = startGuarded(child.incidentDir);
  await next.hasStarted;
  expect(existsSync(path)).toBe(false);
});

test('a drill leaks 4 MiB, is named by profile and autopsy, and leaves nothing', async () => {
  const child = startGuarded(temporaryFolder());
  const [path = ''] = await socketsOf(child);
  using client = await ControlClient.open(path);
  const report = await client.ask<DrillReport>('drill', { bytes: mib(4), durationMs: 500 });
  expect(report.leakedBytes).toBeGreaterThanOrEqual(mib(4));
  expect(report.namedBy.profile).toMatch(/ in leak, plimsoll-drill\.js:6:\d+$/);
  expect(report.namedBy.autopsy).toContain('`drilledSessions`');
  expect(report.folder).toBeNull();
  expect(report.night).toHaveLength(3);
  expect(readdirSync(child.incidentDir)).toEqual(['run']);
  expect(await client.ask('sample')).toMatchObject({ incidents: [] });
  expect(await client.ask('explain')).toMatchObject({ hasOpenIncident: false, cooldown: { leftMs: 0 } });
  await expect(client.ask('drill', { bytes: mib(65) })).rejects.toThrow('bad-request: bytes is');
});

test('a drill whose client leaves is broken off and the next one can begin', async () => {
  const child = startGuarded(temporaryFolder());
  const [path = ''] = await socketsOf(child);
  const leaver = await ControlClient.open(path);
  leaver.socket.write('{"id":1,"method":"drill","params":{"durationMs":60000}}\n');
  using client = await ControlClient.open(path);
  await new Promise((resolve) => setTimeout(resolve, 500));
  await expect(client.ask('drill')).rejects.toThrow('busy: A drill is running.');
  leaver.socket.destroy();
  await new Promise((resolve) => setTimeout(resolve, 500));
  await client.ask('drill', { bytes: mib(1), durationMs: 100 });
});

test('no answer shows a key, a value or a variable of the environment', async () => {
  const child = startGuarded(temporaryFolder(), [], { SESSION_TOKEN: 'environment-secret' });
  const [path = ''] = await socketsOf(child);
  using client = await ControlClient.open(path);
  const census = await client.ask('census');
  expect(JSON.stringify(census)).toContain('<key 1 of ');
  const answers = [census];
  for (const method of ['sample', 'holders', 'journal', 'explain']) answers.push(await client.ask(method));
  expect(JSON.stringify(answers).match(/\w+-secret/g)).toBeNull();
});

test('a run folder that is deleted takes the channel away and nothing else', async () => {
  const child = startGuarded(temporaryFolder());
  const [path = ''] = await socketsOf(child);
  using client = await ControlClient.open(path);
  rmSync(join(child.incidentDir, 'run'), { recursive: true });
  expect(await client.ask('sample')).toHaveProperty('level', 'normal');
  child.process.stdin?.end();
  expect(await once(child.process, 'exit')).toEqual([0, null]);
});
