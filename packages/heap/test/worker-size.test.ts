import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { mib } from '@plimsoll/memory';
import { expect, test } from 'vitest';
import { honourWorkerLimits, planHeap, requireWorkerFits, sizeWorker, sizeWorkerPool } from '../src/index.ts';

const plan = planHeap({ limitBytes: mib(512), workerCount: 3, workerOldSpaceBytes: mib(48), nodeMajor: 24 });

test('a worker of a plan with 48 MiB each gets 48 MiB of old space and 6 of young', () => {
  expect(sizeWorker(plan)).toEqual({ maxOldGenerationSizeMb: 48, maxYoungGenerationSizeMb: 6 });
});

test('a pool has the three threads of the plan and their limits', () => {
  expect(sizeWorkerPool(plan)).toEqual({ minThreads: 1, maxThreads: 3, resourceLimits: sizeWorker(plan) });
});

test('V8 gives a worker that is sized so 48 + 6 MiB', async () => {
  honourWorkerLimits();
  const script =
    'require("node:worker_threads").parentPort.postMessage(v8.getHeapStatistics().heap_size_limit)';
  const worker = new Worker(`const v8 = require("node:v8"); ${script}`, {
    eval: true,
    resourceLimits: sizeWorker(plan),
  });
  expect(await once(worker, 'message')).toEqual([mib(54)]);
});

test('a plan without workers sizes none', () => {
  const none = planHeap({ limitBytes: mib(512), nodeMajor: 24 });
  expect(() => sizeWorker(none)).toThrow('This plan keeps no room for workers');
  expect(() => sizeWorkerPool(none)).toThrow('PLIMSOLL_WORKERS');
});

test.each([
  [{ maxOldGenerationSizeMb: 1024, maxYoungGenerationSizeMb: 6 }, 'maxOldGenerationSizeMb is 1024;'],
  [{ maxOldGenerationSizeMb: 48 }, 'maxYoungGenerationSizeMb is not set;'],
])('resourceLimits %j do not fit: the error says "%s"', (resourceLimits, message) => {
  expect(() => requireWorkerFits(resourceLimits, plan)).toThrow(message);
});

test('the sizes of the plan fit it', () => {
  expect(() => requireWorkerFits(sizeWorker(plan), plan)).not.toThrow();
});
