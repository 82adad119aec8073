import { createReadStream, createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Cache } from '@plimsoll/cache';
import { expect, it, vi } from 'vitest';

it('brings 10,000 entries through a file, with what is left of their TTLs', async () => {
  let nowMs = 0;
  const clock = (): number => nowMs;
  const before = new Cache<unknown, unknown>({ maxCount: 20_000, clock });
  for (let key = 0; key < 10_000; key++) before.set(`key ${key}`, { key, at: new Date(key) });
  before.set('brief', 1, { ttlMs: 100 });
  before.set(7, new Map([[1, 'one']]));
  before.set('not cloneable', () => 1);
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-dump-'));
  try {
    const file = join(folder, 'cache.dump');
    nowMs = 40;
    await pipeline(Readable.from(before.dump()), createWriteStream(file));
    const after = new Cache<unknown, unknown>({ maxCount: 20_000, clock });
    expect(await after.load(createReadStream(file, { highWaterMark: 1_000 }))).toBe(10_002);
    expect(after.get('key 9999')).toEqual({ key: 9_999, at: new Date(9_999) });
    expect(after.get(7)).toEqual(new Map([[1, 'one']]));
    nowMs = 99;
    expect(after.get('brief')).toBe(1);
    nowMs = 100;
    expect(after.get('brief')).toBeUndefined();
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it('refuses another format, another version, and a dump cut short', async () => {
  const cache = new Cache<number, string>({ maxCount: 10 });
  cache.set(1, 'one').set(2, 'two');
  const whole = Buffer.concat([...cache.dump()]);
  const target = new Cache<number, string>({ maxCount: 10 });
  const format = { code: 'ERR_PLIMSOLL_FORMAT' };
  await expect(target.load([Buffer.from('{"not": "a dump of this"}')])).rejects.toMatchObject(format);
  await expect(target.load([Buffer.from('PLIMSOLL-CACHE 2\n....')])).rejects.toMatchObject(format);
  await expect(target.load([])).rejects.toMatchObject(format);
  await expect(target.load([whole.subarray(0, -4)])).rejects.toMatchObject(format);
  expect(target.get(2)).toBe('two');
  const broken = Buffer.from(whole);
  broken.fill(0xff, 21, 30);
  await expect(target.load([broken])).rejects.toMatchObject(format);
});

it('takes a value of 64 MB from chunks of 16 kB by putting it together once', async () => {
  const before = new Cache<string, Buffer>({ maxCount: 1 });
  const value = Buffer.alloc(64_000_000, 7);
  before.set('large', value);
  const whole = Buffer.concat([...before.dump()]);
  const chunks: Buffer[] = [];
  for (let at = 0; at < whole.length; at += 16_384) chunks.push(whole.subarray(at, at + 16_384));
  const after = new Cache<string, Buffer>({ maxCount: 1 });
  const concat = vi.spyOn(Buffer, 'concat');
  expect(await after.load(chunks)).toBe(1);
  const joinedBytes = concat.mock.results.reduce((sum, { value: joined }) => sum + joined.length, 0);
  concat.mockRestore();
  expect(after.get('large')?.equals(value)).toBe(true);
  expect(joinedBytes).toBeLessThan(whole.length * 2);
});
