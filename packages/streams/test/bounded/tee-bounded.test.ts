import { Buffer } from 'node:buffer';
import { PassThrough, Readable } from 'node:stream';
import { setImmediate, setTimeout } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { collectBytes, type Flow, teeBounded } from '../../src/index.ts';
import { codeOf, pieces } from '../pieces.ts';

const chunkCount = 1000;
const all = { maxBytes: 10_000_000 };

/** `chunkCount` chunks of 1000 bytes, each filled with its index modulo 256. */
function source(counter = { read: 0 }): Readable {
  function* chunks(): Generator<Buffer> {
    for (let index = 0; index < chunkCount; index++) {
      counter.read += 1;
      yield Buffer.alloc(1000, index % 256);
    }
  }
  return Readable.from(chunks(), { highWaterMark: 1 });
}

function isWhole(bytes: Buffer): boolean {
  return (
    bytes.length === chunkCount * 1000 && bytes.every((byte, at) => byte === Math.floor(at / 1000) % 256)
  );
}

async function slowly(flow: Flow<Buffer>): Promise<Buffer> {
  const list: Buffer[] = [];
  for await (const chunk of flow) {
    list.push(chunk);
    if (list.length % 50 === 0) await setImmediate();
  }
  return Buffer.concat(list);
}

describe('every policy', () => {
  test.each(['wait', 'drop', 'spill', 'error'] as const)(
    '%s: branches read side by side get every byte',
    async (onLag) => {
      const branches = teeBounded(source(), {
        maxLagBytes: 100_000,
        onLag,
        branchCount: 3,
        maxDiskBytes: 10_000_000,
      });
      const results = await Promise.all(branches.map((branch) => collectBytes(branch, all)));
      expect(results.map(isWhole)).toEqual([true, true, true]);
    },
  );

  test.each(['wait', 'drop', 'spill', 'error'] as const)(
    '%s: a branch that leaves is not waited for, and the source ends with the last',
    async (onLag) => {
      const input = source();
      const [first, second] = teeBounded(input, { maxLagBytes: 5000, onLag, maxDiskBytes: 10_000_000 }) as [
        Flow<Buffer>,
        Flow<Buffer>,
      ];
      await first.next();
      await first.return();
      expect(input.destroyed).toBe(false);
      for (let count = 0; count < 500; count++) await second.next();
      await second.return();
      expect(input.destroyed).toBe(true);
    },
  );

  test('the error of the source reaches each branch after what came before it', async () => {
    async function* failing(): AsyncGenerator<Buffer> {
      yield Buffer.from('a');
      await setImmediate();
      throw new Error('disk gone');
    }
    for (const branch of teeBounded(failing(), { maxLagBytes: 1000, onLag: 'wait' })) {
      expect(String((await branch.next()).value)).toBe('a');
      await expect(branch.next()).rejects.toThrow('disk gone');
    }
  });

  test('a branch that waits for a source that never answers can leave', async () => {
    const [first, second] = teeBounded(new PassThrough(), { maxLagBytes: 1000, onLag: 'wait' }) as [
      Flow<Buffer>,
      Flow<Buffer>,
    ];
    const waiting = first.next();
    await first.return();
    expect(await waiting).toEqual({ done: true, value: undefined });
    await second.return();
  });

  test('any interleaving of two readers gives both every byte under spill and wait', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.boolean(), { minLength: 10, maxLength: 80 }),
        fc.constantFrom('spill' as const, 'wait' as const),
        fc.integer({ min: 200, max: 3000 }),
        async (turns, onLag, maxLagBytes) => {
          const text = Buffer.from(Array.from({ length: 4000 }, (_, at) => at % 251));
          const branches = teeBounded(pieces(text, 97), { maxLagBytes, onLag, maxDiskBytes: 100_000 });
          const seen: Buffer[][] = [[], []];
          const take = async (which: number): Promise<boolean> => {
            const { done, value } = await (branches[which] as Flow<Buffer>).next();
            if (value !== undefined) (seen[which] as Buffer[]).push(value);
            return done === true;
          };
          // With wait, a reader may have to wait for the other: each turn starts without waiting for the one before.
          const turned = turns.map((turn) => take(turn ? 1 : 0));
          const rest = [0, 1].map(async (which) => {
            while (!(await take(which))) await setImmediate();
          });
          await Promise.all([...turned, ...rest]);
          expect(seen.map((chunks) => Buffer.concat(chunks).equals(text))).toEqual([true, true]);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('a branch that is never read', () => {
  test('wait: the source stops at the bound and one chunk, and goes on when the branch is read', async () => {
    const counter = { read: 0 };
    const [fast, slow] = teeBounded(source(counter), { maxLagBytes: 20_000, onLag: 'wait' }) as [
      Flow<Buffer>,
      Flow<Buffer>,
    ];
    const reading = collectBytes(fast, all);
    for (let turn = 0; turn < 400 && slow.stats().heldBytes <= 18_000; turn++) await setTimeout(5);
    await setTimeout(20);
    expect(slow.stats().heldBytes).toBeLessThanOrEqual(20_000 + 1128);
    expect(slow.stats().heldBytes).toBeGreaterThan(18_000);
    expect(counter.read).toBeLessThan(25);
    expect(isWhole(await slowly(slow))).toBe(true);
    expect(isWhole(await reading)).toBe(true);
  });

  test('wait with maxWaitMs: the branch ends with a timeout, the other gets every byte', async () => {
    const [fast, slow] = teeBounded(source(), { maxLagBytes: 20_000, onLag: 'wait', maxWaitMs: 30 }) as [
      Flow<Buffer>,
      Flow<Buffer>,
    ];
    expect(isWhole(await collectBytes(fast, all))).toBe(true);
    expect(await codeOf(slow.next())).toBe('ERR_PLIMSOLL_TIMEOUT');
  });

  test('drop: it keeps the newest 20,000 bytes and counts the chunks it lost', async () => {
    const [fast, slow] = teeBounded(source(), { maxLagBytes: 20_000, onLag: 'drop' }) as [
      Flow<Buffer>,
      Flow<Buffer>,
    ];
    expect(isWhole(await collectBytes(fast, all))).toBe(true);
    const { skippedCount, heldBytes } = slow.stats();
    expect(heldBytes).toBeLessThanOrEqual(20_000);
    const rest = await collectBytes(slow, all);
    expect(skippedCount * 1000 + rest.length).toBe(chunkCount * 1000);
    expect(rest.at(-1)).toBe((chunkCount - 1) % 256);
  });

  test('drop: two that fall behind keep their newest chunks whole and in order, whatever is read of the others', async () => {
    const [fast, slow, slower] = teeBounded(source(), { maxLagBytes: 20_000, onLag: 'drop', branchCount: 3 });
    const taken: Buffer[] = [];
    await fast?.forEach(async (chunk) => {
      if (chunk[0] === 100) {
        const item = await slow?.next();
        if (item?.done === false) taken.push(item.value);
      }
    });
    const isOfOneChunk = (bytes: Buffer): boolean =>
      bytes.length === 1000 && bytes.every((byte) => byte === bytes[0]);
    const rest = [...((await slow?.toArray()) ?? []), ...((await slower?.toArray()) ?? [])];
    expect([taken.length, rest.length]).toEqual([4, 34]);
    expect([...taken, ...rest].every(isOfOneChunk)).toBe(true);
    expect(rest.slice(17).map((bytes) => bytes[0])).toEqual(
      Array.from({ length: 17 }, (_, index) => (chunkCount - 17 + index) % 256),
    );
  });

  test('spill: it finds every byte in its file, and holds 20,000 in memory', async () => {
    const [fast, slow] = teeBounded(source(), {
      maxLagBytes: 20_000,
      onLag: 'spill',
      maxDiskBytes: 2_000_000,
    }) as [Flow<Buffer>, Flow<Buffer>];
    expect(isWhole(await collectBytes(fast, all))).toBe(true);
    expect(slow.stats().heldBytes).toBeLessThanOrEqual(20_000);
    expect(slow.stats().heldBytes).toBeGreaterThan(18_000);
    expect(isWhole(await collectBytes(slow, all))).toBe(true);
  });

  test('spill: above its disk quota it ends with a limit, the other gets every byte', async () => {
    const [fast, slow] = teeBounded(source(), {
      maxLagBytes: 20_000,
      onLag: 'spill',
      maxDiskBytes: 100_000,
    }) as [Flow<Buffer>, Flow<Buffer>];
    expect(isWhole(await collectBytes(fast, all))).toBe(true);
    expect(await codeOf(slow.next())).toBe('ERR_PLIMSOLL_LIMIT');
  });

  test('error: it ends with a limit, the other gets every byte', async () => {
    const [fast, slow] = teeBounded(source(), { maxLagBytes: 20_000, onLag: 'error' }) as [
      Flow<Buffer>,
      Flow<Buffer>,
    ];
    expect(isWhole(await collectBytes(fast, all))).toBe(true);
    expect(await codeOf(slow.next())).toBe('ERR_PLIMSOLL_LIMIT');
  });
});

test('the signal ends every branch and the source', async () => {
  const controller = new AbortController();
  const input = new PassThrough();
  const branches = teeBounded(input, { maxLagBytes: 1000, onLag: 'wait', signal: controller.signal });
  const codes = branches.map((branch) => codeOf(branch.next()));
  await setImmediate();
  controller.abort();
  expect(await Promise.all(codes)).toEqual(['ERR_PLIMSOLL_ABORTED', 'ERR_PLIMSOLL_ABORTED']);
  expect(input.destroyed).toBe(true);
});

test('a policy is required, and spill needs a quota', () => {
  expect(() => teeBounded([], { maxLagBytes: 1 } as never)).toThrow(
    /^onLag is undefined; expected one of wait, drop, spill, error/,
  );
  expect(() => teeBounded([], { maxLagBytes: 1, onLag: 'spill' })).toThrow(/^maxDiskBytes is undefined/);
});
