import { expect, test } from 'vitest';
import { formatBytes, mib, parseByteSize } from '../src/index.ts';

test.each([
  ['512MiB', 512 * 2 ** 20],
  ['512Mi', 512 * 2 ** 20],
  ['512m', 512 * 2 ** 20],
  ['1.5 GiB', 1.5 * 2 ** 30],
  ['300MB', 300e6],
  ['1024', 1024],
  ['-1', undefined],
  ['12 parsecs', undefined],
  ['', undefined],
  ['1e3', undefined],
  ['99999999999T', undefined],
])('%s is %s bytes', (text, bytes) => {
  expect(parseByteSize(text)).toBe(bytes);
});

test('a size formats in binary units with one decimal below 100', () => {
  expect([0, 1023, 1536, mib(96), mib(99.96), 1.5 * 2 ** 30, Number.NaN, -mib(3)].map(formatBytes)).toEqual([
    '0 B',
    '1023 B',
    '1.5 KiB',
    '96 MiB',
    '100 MiB',
    '1.5 GiB',
    'unknown',
    '-3 MiB',
  ]);
});
