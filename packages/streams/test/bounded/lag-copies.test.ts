import { Buffer } from 'node:buffer';
import { expect, test } from 'vitest';
import { LagCopies } from '../../src/bounded/lag-copies.ts';

test('a copy is written again when every branch has dropped it, and never after a reader has it', () => {
  const copies = new LagCopies();
  const first = copies.copy(Buffer.from('aaaa'), 2);
  copies.release(first);
  const second = copies.copy(Buffer.from('bbbb'), 2);
  expect(second.buffer).not.toBe(first.buffer);
  expect(String(first)).toBe('aaaa');
  copies.release(second);
  copies.release(second);
  const third = copies.copy(Buffer.from('ccc'), 1);
  expect(third.buffer).toBe(second.buffer);
  expect(String(third)).toBe('ccc');
  copies.giveAway(third);
  copies.release(third);
  expect(copies.copy(Buffer.from('dddd'), 1).buffer).not.toBe(third.buffer);
  expect(String(third)).toBe('ccc');
});

test('a large copy is not kept alive for small chunks', () => {
  const copies = new LagCopies();
  const large = copies.copy(Buffer.alloc(1000), 1);
  copies.release(large);
  expect(copies.copy(Buffer.alloc(10), 1).buffer.byteLength).toBe(10);
});
