import { expect, test } from 'vitest';
import { formatIncidentName, parseIncidentName, safeHostName } from '../../src/incident/incident-name.ts';

test('a name reads back, also with dashes in host and trigger', () => {
  const name = {
    openedAtMs: Date.UTC(2026, 10, 20, 17, 1, 38),
    hostName: 'checkout-7d9f-1',
    pid: 1,
    bootId: '9c1e04af',
    trigger: 'off-heap',
  } as const;
  expect(formatIncidentName(name)).toBe('20261120T170138Z-checkout-7d9f-1-1-9c1e04af-off-heap');
  expect(parseIncidentName(formatIncidentName(name))).toEqual(name);
});

test.each([
  '',
  'notes',
  '20261120T170138Z-host-1-9c1e04af-whim',
  '20261120T170138Z-host-1-9c1e04af-growth.partial',
])('%j is no incident', (text) => {
  expect(parseIncidentName(text)).toBeUndefined();
});

test('a host name becomes at most 63 letters, digits, dots and dashes', () => {
  expect(safeHostName('../a b/c')).toBe('a-b-c');
  expect(safeHostName('')).toBe('host');
  expect(safeHostName('x'.repeat(80))).toHaveLength(63);
});
