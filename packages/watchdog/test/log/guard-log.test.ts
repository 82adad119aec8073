import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { GuardLog } from '../../src/log/guard-log.ts';
import { temporaryFolder } from '../temporary-folder.ts';

function written(act: (descriptor: number) => void): string {
  const path = join(temporaryFolder(), 'stderr');
  const descriptor = openSync(path, 'w');
  act(descriptor);
  closeSync(descriptor);
  return readFileSync(path, 'utf8');
}

test('a json line is one object with event, time, pid, message and its numbers', () => {
  const text = written((descriptor) =>
    new GuardLog('json', descriptor).write('critical', 'deep', { limitBytes: 5 }),
  );
  expect(text.endsWith('}\n')).toBe(true);
  expect(JSON.parse(text)).toEqual({
    plimsoll: 'critical',
    time: expect.stringMatching(/^\d{4}-.*Z$/),
    pid: process.pid,
    message: 'deep',
    limitBytes: 5,
  });
});

test('a text line is one sentence on one line', () => {
  expect(written((descriptor) => new GuardLog('text', descriptor).write('armed', 'a\n  b', { n: 1 }))).toBe(
    'plimsoll: armed: a b\n',
  );
});

test('off writes nothing and keeps the last line for status.json', () => {
  const log = new GuardLog('off', 99_999);
  log.write('armed', 'ready');
  expect(log.lastLine).toContain('"ready"');
});

test('a line of 10,000 characters is cut to at most 4,096 bytes and stays JSON', () => {
  const text = written((descriptor) =>
    new GuardLog('json', descriptor).write('refused', '€'.repeat(10_000), { path: 'x'.repeat(9000) }),
  );
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(4096);
  expect(JSON.parse(text)).toMatchObject({ plimsoll: 'refused' });
});

test('a closed stderr costs the line and nothing else', () => {
  expect(() => new GuardLog('json', 99_999).write('armed', 'ready')).not.toThrow();
});
