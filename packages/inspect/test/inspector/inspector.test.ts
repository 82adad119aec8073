import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { inspectUrl, runModule } from '../child/run-node.ts';

const permission = process.versions.node.startsWith('20.') ? '--experimental-permission' : '--permission';

test('under the permission model nothing throws and one journal entry says that the inspector is forbidden', () => {
  const { status, stdout, stderr } = runModule(
    `import { openInspector, readAllocationProfile, startAllocationSampling, predictSnapshotCost, readHeapShape } from ${JSON.stringify(inspectUrl)};
     startAllocationSampling();
     const inspector = openInspector();
     let code;
     try { inspector.ask('Runtime.enable'); } catch (error) { code = error.code; }
     inspector.on('Debugger.paused', () => {});
     console.log(JSON.stringify([inspector.available, inspector.unavailableReason, code, inspector.tryAsk('Runtime.enable') === undefined,
       readAllocationProfile() === undefined, predictSnapshotCost(readHeapShape()).peakBytes > 0]));`,
    [permission, '--allow-fs-read=*'],
  );
  expect(stderr.replace(/^.*(Permission is an experimental|trace-warnings).*\n/gm, '')).toBe('');
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toEqual([
    false,
    'the permission model forbids it; start with --allow-inspector where this Node has that flag.',
    'ERR_PLIMSOLL_UNAVAILABLE',
    true,
    true,
    true,
  ]);
});

test('in a Node without inspector nothing throws and the rest works', () => {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-none-'));
  // A build without inspector cannot be had here: what such a build answers is put in the place of the module.
  const { status, stdout, stderr } = runModule(
    `const original = process.getBuiltinModule;
     process.getBuiltinModule = (name) => {
       if (/inspector/.test(name)) throw Object.assign(new Error('Inspector is not available'), { code: 'ERR_INSPECTOR_NOT_AVAILABLE' });
       return original.call(process, name);
     };
     const { openInspector, readAllocationProfile, startAllocationSampling, writeHeapSnapshot, verifyHeapSnapshot } = await import(${JSON.stringify(inspectUrl)});
     startAllocationSampling();
     const { nodeCount } = writeHeapSnapshot(${JSON.stringify(join(folder, 'a.partial'))});
     const check = await verifyHeapSnapshot(${JSON.stringify(join(folder, 'a.partial'))});
     console.log(JSON.stringify([openInspector().available, openInspector().unavailableReason, readAllocationProfile() === undefined, check.valid, check.nodeCount === nodeCount]));`,
  );
  rmSync(folder, { recursive: true });
  expect([status, stderr]).toEqual([0, '']);
  expect(JSON.parse(stdout)).toEqual([false, 'this build of Node has no inspector.', true, true, true]);
});

test('a snapshot where the file system forbids writing is one error, and nothing is left', () => {
  const { stdout } = runModule(
    `import { writeHeapSnapshot } from ${JSON.stringify(inspectUrl)};
     try { writeHeapSnapshot('/proc/none.heapsnapshot'); } catch (error) { console.log(error.code, error.message.includes('/proc/none.heapsnapshot')); }`,
  );
  expect(stdout).toBe('ERR_PLIMSOLL_UNAVAILABLE true\n');
});

test('a sampler that another session started is read and never stopped', () => {
  const { status, stdout, stderr } = runModule(
    `import { Session } from 'node:inspector';
     import { readAllocationProfile, startAllocationSampling, stopAllocationSampling } from ${JSON.stringify(inspectUrl)};
     const theirs = new Session();
     theirs.connect();
     theirs.post('HeapProfiler.startSampling', { samplingInterval: 4096 });
     startAllocationSampling();
     const kept = Array.from({ length: 1e5 }, (_, i) => ({ i }));
     const before = readAllocationProfile() !== undefined;
     stopAllocationSampling();
     let theirProfile;
     theirs.post('HeapProfiler.stopSampling', (error, answer) => { theirProfile = answer?.profile; });
     console.log(before, theirProfile !== undefined, kept.length);`,
  );
  expect([status, stdout, stderr]).toEqual([0, 'true true 100000\n', '']);
});

test('a sampler that another session stopped is started again, journalled, and read the next time', () => {
  const { status, stdout, stderr } = runModule(
    `import { Session } from 'node:inspector';
     import { journal } from '@plimsoll/memory';
     import { readAllocationProfile, startAllocationSampling } from ${JSON.stringify(inspectUrl)};
     startAllocationSampling();
     const theirs = new Session();
     theirs.connect();
     theirs.post('HeapProfiler.stopSampling');
     console.log(readAllocationProfile() === undefined, readAllocationProfile() !== undefined,
       journal().entries().map(({ event }) => event).join());`,
    [],
    { cwd: join(import.meta.dirname, '../..') },
  );
  expect([status, stdout, stderr]).toEqual([0, 'true true sampling-started,sampling-restarted\n', '']);
});
