import { setTimeout } from 'node:timers/promises';
import { type PressureLevel, publishPressure } from '@plimsoll/memory';
import { afterEach, expect, test } from 'vitest';
import { PressureGate, pressureGate } from '../../src/index.ts';
import { codeOf } from '../pieces.ts';

function level(next: PressureLevel): void {
  publishPressure({
    level: next,
    previousLevel: 'normal',
    headroomBytes: 0,
    workingSetBytes: 0,
    limitBytes: 0,
    reason: 'test',
  });
}

afterEach(() => level('normal'));

test('closes at critical, stays closed at critical and opens at elevated: nothing is read meanwhile', async () => {
  let read = 0;
  function* source(): Generator<number> {
    for (;;) yield read++;
  }
  const flow = pressureGate(source(), { maxWaitMs: 5000 });
  expect((await flow.next()).value).toBe(0);
  level('critical');
  const waiting = flow.next();
  await setTimeout(20);
  expect(read).toBe(1);
  level('terminal');
  level('critical');
  await setTimeout(5);
  expect(read).toBe(1);
  level('elevated');
  expect((await waiting).value).toBe(1);
  await flow.return();
});

test('hysteresis: closed at critical with openAt normal, it stays closed at elevated', async () => {
  const gate = new PressureGate({ openAt: 'normal', maxWaitMs: 5000 });
  level('elevated');
  expect(gate.isClosed).toBe(false);
  level('critical');
  expect(gate.isClosed).toBe(true);
  level('elevated');
  expect(gate.isClosed).toBe(true);
  const passing = gate.pass();
  level('normal');
  await passing;
  expect(gate.isClosed).toBe(false);
});

test('after maxWaitMs: an error, or one item at a time', async () => {
  level('critical');
  expect(await codeOf(pressureGate([1], { maxWaitMs: 10 }).next())).toBe('ERR_PLIMSOLL_TIMEOUT');
  expect(await pressureGate([1, 2], { maxWaitMs: 10, onLate: 'pass' }).toArray()).toEqual([1, 2]);
});

test('the signal ends the wait, of a flow and of a gate', async () => {
  level('critical');
  const signal = AbortSignal.timeout(10);
  expect(await codeOf(pressureGate([1], { maxWaitMs: 5000, signal }).next())).toBe('ERR_PLIMSOLL_ABORTED');
  expect(await codeOf(new PressureGate({ maxWaitMs: 5000 }).pass(AbortSignal.timeout(10)))).toBe(
    'ERR_PLIMSOLL_ABORTED',
  );
});

test('a gate that would open where it closes is refused, and so is one without a deadline', () => {
  expect(() => new PressureGate({ closeAt: 'elevated', openAt: 'elevated', maxWaitMs: 1 })).toThrow(
    /^openAt is "elevated"; expected one of normal/,
  );
  expect(() => new PressureGate({} as never)).toThrow(/^maxWaitMs is undefined/);
});
