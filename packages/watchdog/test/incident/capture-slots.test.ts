import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CaptureSlots } from '../../src/incident/capture-slots.ts';
import { identifyProcess } from '../../src/run/process-identity.ts';
import { temporaryFolder } from '../temporary-folder.ts';

test('of 3 that want to capture 2 may; one that is done makes place', () => {
  const slots = new CaptureSlots(temporaryFolder(), identifyProcess());
  const first = slots.take();
  const second = slots.take();
  expect([first, second].map((slot) => slot !== undefined)).toEqual([true, true]);
  expect(slots.take()).toBeUndefined();
  first?.[Symbol.dispose]();
  expect(slots.take()?.path).toBe(first?.path);
});

test('the slot of a process that was killed over its snapshot is free again', () => {
  const dir = temporaryFolder();
  const self = identifyProcess();
  const slots = new CaptureSlots(dir, self);
  const first = slots.take();
  slots.take();
  writeFileSync(first?.path ?? '', JSON.stringify({ ...self, pid: spawnSync('true').pid }));
  expect(slots.take()?.path).toBe(join(dir, 'run', 'captures', 'slot-1'));
});
