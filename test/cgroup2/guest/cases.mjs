// What runs inside the guest: every case in a real cgroup of version 2.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { readIncident, readTimeline, verifyIncident } from '@plimsoll/watchdog';
import { Group } from './group.mjs';

const MIB = 2 ** 20;
const look = async (group) => JSON.parse((await group.run('node', ['look.mjs'])).stdout);
const plimsoll = 'node_modules/plimsoll/bin/plimsoll';

const cases = {
  'memory.max of 256 MiB is the limit, found at its path': async (make) => {
    const { limitBytes, source, origin, sample } = await look(make('limit', { 'memory.max': 256 * MIB }));
    assert.equal(limitBytes, 256 * MIB);
    assert.equal(source, 'cgroup-v2');
    assert.match(origin, /\/limit\/memory\.max$/);
    assert.equal(sample.limitBytes, 256 * MIB);
    assert.ok(sample.workingSetBytes > 10 * MIB && sample.headroomBytes < 246 * MIB);
  },
  'a parent of 256 MiB above a child of 1 GiB, and above one without a limit, is the limit': async (make) => {
    const parent = make('parent', { 'memory.max': 256 * MIB });
    for (const child of [parent.child('wide', { 'memory.max': 1024 * MIB }), parent.child('unlimited')]) {
      const { limitBytes, origin } = await look(child);
      assert.equal(limitBytes, 256 * MIB);
      assert.match(origin, /\/parent\/memory\.max$/);
    }
  },
  'memory.high of 200 MiB below memory.max of 400 MiB is the limit to size to': async (make) => {
    const { limitBytes, origin } = await look(
      make('high', { 'memory.max': 400 * MIB, 'memory.high': 200 * MIB }),
    );
    assert.equal(limitBytes, 200 * MIB);
    assert.match(origin, /memory\.high$/);
  },
  'a group over its memory.high counts high events and has a share of stalled time': async (make) => {
    const group = make('throttled', { 'memory.max': 400 * MIB, 'memory.high': 70 * MIB });
    const { stdout } = await group.run('node', [
      '-e',
      `
      import('@plimsoll/memory').then(({ readMemory }) => {
        const kept = [];
        for (let count = 0; count < 16; count += 1) kept.push(Buffer.alloc(4 * 2 ** 20, 1));
        const { kernel } = readMemory();
        process.stdout.write(JSON.stringify({ kernel, kept: kept.length }));
      });`,
    ]);
    const { kernel } = JSON.parse(stdout);
    assert.ok(kernel.highHitCount > 0, `highHitCount ${kernel.highHitCount}`);
    assert.ok(kernel.stalledRatio >= 0 && kernel.stalledRatio <= 1, `stalledRatio ${kernel.stalledRatio}`);
  },
  'a process beside one that the kernel kills sees the kill in memory.events and lives': async (make) => {
    const parent = make('shared', { 'memory.max': 160 * MIB });
    const witness = parent.child('witness').run('node', ['witness.mjs']);
    const killed = await parent.child('victim', { 'memory.max': 100 * MIB }).run('node', ['fill.mjs']);
    assert.equal(killed.signal, 'SIGKILL');
    assert.equal(parent.event('oom_kill'), 1);
    // The witness is in a group of its own: it sees the kill through the parent that both have.
    const seen = JSON.parse((await witness).stdout);
    assert.equal(seen.after.oomKillCount, seen.before.oomKillCount + 1);
  },
  'with memory.oom.group of 1 both processes of a group die, and the limit says so beforehand': async (
    make,
  ) => {
    const group = make('together', { 'memory.max': 120 * MIB, 'memory.oom.group': 1 });
    const { notes } = await look(group);
    assert.match(notes.join('\n'), /memory\.oom\.group is 1/);
    const idle = group.run('node', ['-e', 'setInterval(() => {}, 1000)']);
    const [first, second] = await Promise.all([group.run('node', ['fill.mjs']), idle]);
    assert.deepEqual([first.signal, second.signal], ['SIGKILL', 'SIGKILL']);
    assert.equal(group.event('oom_group_kill'), 1);
  },
  'a leak under plimsoll run dies by V8 (134) with a whole incident that names the Map': async (make) => {
    const group = make('leak', { 'memory.max': 160 * MIB });
    const incidents = '/tmp/leak-incidents';
    const ended = await group.run(plimsoll, ['run', '--', 'node', 'leak.mjs'], {
      PLIMSOLL_INCIDENT_DIR: incidents,
    });
    const outcome = `${ended.code} ${ended.signal} ${ended.stderr.slice(-1500)}`;
    assert.ok(ended.code === 134 || ended.signal === 'SIGABRT', outcome);
    assert.equal(group.event('oom_kill'), 0);
    const [name, ...others] = readdirSync(incidents).filter((entry) => /^\d{8}T/.test(entry));
    assert.deepEqual(others, []);
    const record = readIncident(join(incidents, name));
    assert.equal(record.limit.source, 'cgroup-v2');
    assert.equal(record.autopsy?.findings[0]?.name, 'sessions');
    const { faults, fileCount } = await verifyIncident(join(incidents, name));
    assert.deepEqual(faults, []);
    assert.ok(fileCount >= 6, `${fileCount} files`);
  },
  'Buffers under plimsoll run are killed by the kernel (137) after a whole incident; the next start tells of it':
    async (make) => {
      const group = make('kernel', { 'memory.max': 160 * MIB });
      const incidents = '/tmp/kernel-incidents';
      const env = { PLIMSOLL_INCIDENT_DIR: incidents };
      const ended = await group.run(plimsoll, ['run', '--', 'node', 'fill.mjs'], env);
      assert.equal(ended.signal, 'SIGKILL', `${ended.code} ${ended.stderr.slice(-1500)}`);
      assert.equal(group.event('oom_kill'), 1);
      const [name] = readdirSync(incidents).filter((entry) => /^\d{8}T/.test(entry));
      const record = readIncident(join(incidents, name));
      assert.ok(record.latest.externalBytes > 40 * MIB);
      assert.ok(readTimeline(join(incidents, name, 'timeline.ring')).length > 2);
      assert.ok(JSON.parse(readFileSync(join(incidents, name, 'allocation.heapprofile'), 'utf8')).head);
      const next = await group.run(plimsoll, ['run', '--', 'node', '-e', 'setTimeout(() => {}, 500)'], env);
      assert.equal(next.code, 0);
      assert.match(next.stderr, /"found-death"/);
    },
};

process.stdout.write(
  `KERNEL Linux ${release()}, Node ${process.versions.node}\nCASES ${Object.keys(cases).length}\n`,
);
for (const [title, check] of Object.entries(cases)) {
  const groups = [];
  const beganMs = performance.now();
  let fault;
  try {
    await check((name, files) => {
      const group = new Group(name, files);
      groups.push(group);
      return group;
    });
  } catch (error) {
    fault = String(error.stack ?? error).slice(0, 3000);
  }
  for (const group of groups) {
    try {
      group.remove();
    } catch (error) {
      fault ??= `the group stays: ${error.message}`;
    }
  }
  process.stdout.write(`CASE ${JSON.stringify({ title, fault, tookMs: performance.now() - beganMs })}\n`);
}
