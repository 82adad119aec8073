import { Buffer } from 'node:buffer';
import { spawnSync } from 'node:child_process';
import { pbkdf2 } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { heldBytes, listHolders, reclaim } from '@plimsoll/memory';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import { collectBytes, SpilledBytes, spillToDisk } from '../../src/index.ts';
import { codeOf, pieces } from '../pieces.ts';

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-spill-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const bounds = { maxMemoryBytes: 10_000, maxDiskBytes: 1_000_000, folder };
const all = { maxBytes: 10_000_000 };
const text = Buffer.from(Array.from({ length: 100_000 }, (_, at) => at % 251));

/** Descriptors of this process that point into the folder: files without a name are shown as deleted. */
function openFiles(): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const target = readlinkSync(`/proc/self/fd/${fd}`);
      return target.startsWith(folder) ? [target] : [];
    } catch {
      return []; // The descriptor of this listing itself.
    }
  });
}

const onLinux = existsSync('/proc/self/fd');

test('10,000 bytes stay in memory, 100,000 go to disk, and both are read twice and the same', async () => {
  await using small = await spillToDisk(pieces(text.subarray(0, 8000), 1000), bounds);
  await using large = await spillToDisk(pieces(text, 777), bounds);
  expect([small.isOnDisk, large.isOnDisk, large.byteLength, large.heldBytes]).toEqual([
    false,
    true,
    100_000,
    0,
  ]);
  for (let round = 0; round < 2; round++) {
    expect((await collectBytes(small.read(), all)).equals(text.subarray(0, 8000))).toBe(true);
    expect((await collectBytes(large.read(), all)).equals(text)).toBe(true);
  }
});

test('chunks added without waiting are kept once and in order, on their way from memory to disk, too', async () => {
  await using spilled = new SpilledBytes(bounds);
  const list = pieces(text, 3000);
  await Promise.all(list.map((piece) => spilled.append(piece)));
  expect(spilled.byteLength).toBe(text.length);
  expect((await collectBytes(spilled.read(), all)).equals(text)).toBe(true);
  const codes = [Buffer.alloc(1_000_000), Buffer.from('x')].map((piece) => codeOf(spilled.append(piece)));
  expect(await Promise.all(codes)).toEqual(['ERR_PLIMSOLL_LIMIT', 'resolved']);
});

test.skipIf(!onLinux)('the file has no name, mode 0600, and is gone with its disposal', async () => {
  const spilled = await spillToDisk([text], bounds);
  expect(readdirSync(folder)).toEqual([]);
  const [path, ...others] = openFiles();
  expect([path?.endsWith('(deleted)'), others]).toEqual([true, []]);
  const fd = readdirSync('/proc/self/fd').find((each) => {
    try {
      return readlinkSync(`/proc/self/fd/${each}`) === path;
    } catch {
      return false;
    }
  });
  expect(statSync(`/proc/self/fd/${fd}`).mode & 0o777).toBe(0o600);
  await spilled[Symbol.asyncDispose]();
  expect(openFiles()).toEqual([]);
  expect(() => spilled.read()).toThrow(/were disposed of/);
});

test.skipIf(!onLinux)(
  'disposal in the middle of a read or a write closes the file after it, and only once',
  async () => {
    const spilled = new SpilledBytes(bounds);
    await spilled.append(text);
    const reading = codeOf(collectBytes(spilled.read(), all));
    const writing = codeOf(spilled.append(text));
    await spilled[Symbol.asyncDispose]();
    await spilled[Symbol.asyncDispose]();
    await reading;
    await writing;
    expect(openFiles()).toEqual([]);
  },
);

test('a write that waits for its turn while the file is disposed of does not end in the next file that is opened', async () => {
  const spilled = new SpilledBytes(bounds);
  await spilled.append(text);
  // Every thread of the pool is busy: the write waits, and would find its descriptor given to somebody else.
  const busy = Array.from({ length: 4 }, () => promisify(pbkdf2)('x', 'y', 200_000, 32, 'sha512'));
  const writing = codeOf(spilled.append(text));
  await spilled[Symbol.asyncDispose]();
  const victims = Array.from({ length: 4 }, (_, index) => join(folder, `victim-${index}`));
  const descriptors = victims.map((path) => openSync(path, 'w'));
  await Promise.all([...busy, writing]);
  expect(victims.map((path) => statSync(path).size)).toEqual([0, 0, 0, 0]);
  for (const [index, descriptor] of descriptors.entries()) {
    closeSync(descriptor);
    rmSync(victims[index] as string);
  }
});

test.skipIf(!onLinux)('a forgotten one is closed when it is collected', async () => {
  await (async () => {
    const spilled = await spillToDisk([text], { ...bounds, name: 'test.forgotten' });
    expect(spilled.isOnDisk).toBe(true);
  })();
  for (let round = 0; round < 100 && openFiles().length > 0; round++) {
    (globalThis as unknown as { gc(): void }).gc();
    await setTimeout(10);
  }
  expect(openFiles()).toEqual([]);
});

describe('bounds and endings', () => {
  test.skipIf(!onLinux)('above the disk quota: a 413, the source destroyed, no file left', async () => {
    const source = Readable.from(pieces(text, 1000));
    const error = await spillToDisk(source, { ...bounds, maxDiskBytes: 50_000 }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({
      code: 'ERR_PLIMSOLL_LIMIT',
      statusCode: 413,
      details: { option: 'maxDiskBytes' },
    });
    await setImmediate();
    expect([source.destroyed, openFiles()]).toEqual([true, []]);
  });

  test('the signal ends a source that never answers', async () => {
    const controller = new AbortController();
    const source = new PassThrough();
    const work = spillToDisk(source, { ...bounds, signal: controller.signal });
    controller.abort('gone');
    await expect(work).rejects.toMatchObject({ code: 'ERR_PLIMSOLL_ABORTED', cause: 'gone' });
    expect(source.destroyed).toBe(true);
  });

  test('a folder in memory, or one that is missing, is refused with what to do', async () => {
    await expect(spillToDisk([text], { ...bounds, folder: join(folder, 'none') })).rejects.toMatchObject({
      code: 'ERR_PLIMSOLL_UNAVAILABLE',
    });
    if (existsSync('/dev/shm')) {
      await expect(spillToDisk([text], { ...bounds, folder: '/dev/shm' })).rejects.toThrow(
        /kept in memory \(tmpfs\)\. Pass folder/,
      );
    }
  });

  test('a process that is killed leaves no file', () => {
    const child = spawnSync(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `
        const { SpilledBytes } = await import(${JSON.stringify(new URL('../../dist/index.js', import.meta.url).href)});
        const spilled = new SpilledBytes(${JSON.stringify(bounds)});
        await spilled.append(Buffer.alloc(100_000));
        process.stdout.write(String(spilled.isOnDisk));
        process.kill(process.pid, 'SIGKILL');
        await new Promise((resolve) => setTimeout(resolve, 10_000));
      `,
      ],
      { encoding: 'utf8' },
    );
    expect([child.stdout, child.signal]).toEqual(['true', 'SIGKILL']);
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('under pressure', () => {
  test('reclaim moves what is in memory to disk, at once, and it still reads the same', async () => {
    await using spilled = await spillToDisk(pieces(text.subarray(0, 8000), 1000), {
      ...bounds,
      name: 'test.reclaimed',
    });
    expect(listHolders().find(({ name }) => name === 'test.reclaimed')?.bytes).toBeGreaterThanOrEqual(8000);
    const flow = spilled.read();
    const first = await flow.next();
    const result = reclaim(heldBytes(), 'test');
    expect(result.holders.find(({ name }) => name === 'test.reclaimed')).toMatchObject({
      returnedBytes: 8000 + 8 * 128,
      measuredBytes: 8000 + 8 * 128,
    });
    expect([spilled.isOnDisk, spilled.heldBytes]).toEqual([true, 0]);
    const rest = await collectBytes(flow, all);
    expect(Buffer.concat([first.value as Buffer, rest]).equals(text.subarray(0, 8000))).toBe(true);
  });

  test('reclaim without a disk gives nothing back and does not throw', async () => {
    const own = mkdtempSync(join(folder, 'gone-'));
    await using spilled = await spillToDisk([text.subarray(0, 5000)], { ...bounds, folder: own });
    rmSync(own, { recursive: true });
    expect(spilled.reclaim(1000)).toBe(0);
    expect(await collectBytes(spilled.read(), all)).toHaveLength(5000);
  });
});
