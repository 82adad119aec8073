import { mib } from '@plimsoll/memory';
import { expect, test } from 'vitest';
import { nodeArgumentsOf, readUserHeapFlags } from '../../src/index.ts';

test.each([
  ['--max-old-space-size=300', 'max-old-space-size', mib(300)],
  ['--max_old_space_size=300', 'max-old-space-size', mib(300)],
  ['--max-old_space-size=300', 'max-old-space-size', mib(300)],
  ['--max-heap-size=400', 'max-heap-size', mib(400)],
  ['--max-old-space-size-percentage=70', 'max-old-space-size-percentage', Number.NaN],
])('%s sizes the heap', (text, name, bytes) => {
  const flags = readUserHeapFlags({ execArgv: [text, 'server.js'] });
  expect(flags).toEqual({
    all: [{ name, text, bytes, setBy: 'command line' }],
    sizesOldSpace: true,
    semiSpaceBytes: undefined,
  });
});

test('a semi-space alone leaves the old space to the plan', () => {
  const flags = readUserHeapFlags({ execArgv: [], nodeOptions: '--max-semi-space-size=32' });
  expect(flags).toMatchObject({ sizesOldSpace: false, semiSpaceBytes: mib(32) });
  expect(flags.all[0]?.setBy).toBe('NODE_OPTIONS');
});

test('the command line goes before NODE_OPTIONS, and of two the last counts', () => {
  const flags = readUserHeapFlags({
    execArgv: ['--max-old-space-size=1', '--max-old-space-size=200'],
    nodeOptions: '--max-old-space-size=900',
  });
  expect(flags.all).toEqual([
    { name: 'max-old-space-size', text: '--max-old-space-size=200', bytes: mib(200), setBy: 'command line' },
  ]);
});

test('0 is not set, as for V8; arguments of the script are not flags of node', () => {
  expect(readUserHeapFlags({ execArgv: ['--max-old-space-size=0'] }).all).toEqual([]);
  expect(readUserHeapFlags({ execArgv: ['server.js', '--max-old-space-size=300'] }).all).toEqual([]);
  expect(readUserHeapFlags({ execArgv: ['--', '--max-old-space-size=300'] }).all).toEqual([]);
});

test('the value of an option is not taken for the script', () => {
  const words = ['-r', 'x.js', '--import', 'y.js', '--max-old-space-size=300', 'server.js', '-r', 'z'];
  expect(nodeArgumentsOf(words)).toEqual(words.slice(0, 5));
});
