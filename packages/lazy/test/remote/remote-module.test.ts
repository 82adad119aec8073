import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import {
  forgetProcessWide,
  isPlimsollError,
  listHolders,
  mib,
  offerWorkerRoom,
  type PlimsollError,
} from '@plimsoll/memory';
import { describe, expect, test } from 'vitest';
import { lazyProcess, lazyWorker, type RemoteModuleOptions } from '../../src/index.ts';
import type * as V8 from 'node:v8';
import type * as Heavy from '../fixtures/heavy.mjs';

const url = new URL('../fixtures/heavy.mjs', import.meta.url);

async function failure(work: Promise<unknown>): Promise<PlimsollError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!isPlimsollError(error)) throw new Error(`expected a PlimsollError, got ${String(error)}`);
  return error;
}

describe.each([
  ['lazyWorker', lazyWorker],
  ['lazyProcess', lazyProcess],
] as const)('%s', (kind, start) => {
  const open = (options: Partial<RemoteModuleOptions> = {}) =>
    start<typeof Heavy>(url, { maxHeapBytes: mib(64), ...options });

  test('starts at the first call, answers, and passes on what a function throws with its code and stack', async () => {
    await using heavy = open();
    expect(heavy.stats()).toMatchObject({ running: false, startCount: 0 });
    expect(await heavy.api.add(2, 3)).toBe(5);
    expect((await heavy.api.pid()) === process.pid).toBe(kind === 'lazyWorker');
    const thrown = heavy.api.fail();
    await expect(thrown).rejects.toMatchObject({
      name: 'RangeError',
      message: 'of the module',
      code: 'E_MODULE',
    });
    await expect(thrown).rejects.toThrow(/of the module/);
    await expect(heavy.api.unclonable()).rejects.toThrow(/could not be cloned/);
    expect(heavy.stats()).toMatchObject({ running: true, startCount: 1, crashCount: 0, activeCount: 0 });
  });

  test('ends when it idles and starts anew with the next call', async () => {
    await using heavy = open({ idleMs: 20, name: 'heavy' });
    await heavy.api.add(1, 1);
    expect(listHolders().find(({ name }) => name === 'heavy')?.bytes).toBeGreaterThan(1_000_000);
    await expect.poll(() => heavy.stats().running).toBe(false);
    await expect.poll(() => heavy.bytes()).toBe(0);
    expect(await heavy.api.add(1, 2)).toBe(3);
    expect(heavy.stats()).toMatchObject({ startCount: 2, crashCount: 0 });
  });

  test('ends under pressure, but not in mid-call', async () => {
    await using heavy = open();
    const call = heavy.api.add(1, 1);
    expect(heavy.reclaim()).toBe(0);
    await call;
    expect(heavy.reclaim()).toBeGreaterThan(1_000_000);
    expect(heavy.stats().running).toBe(false);
    expect(await heavy.api.add(1, 2)).toBe(3);
  });

  test('a call under way when it exits is refused with the exit code, the one behind it is served by a new one', async () => {
    await using heavy = open();
    const first = failure(heavy.api.exit(7));
    const second = heavy.api.add(1, 2);
    expect(await first).toMatchObject({ code: 'ERR_PLIMSOLL_UNAVAILABLE', details: { exitCode: 7 } });
    expect(await second).toBe(3);
    expect(heavy.stats()).toMatchObject({ startCount: 2, crashCount: 1 });
  });

  test('a call that runs out of the heap it was given is refused, this process lives', async () => {
    await using heavy = open({ maxHeapBytes: mib(24) });
    const error = await failure(heavy.api.holdHeap(200));
    expect(error.code).toBe('ERR_PLIMSOLL_UNAVAILABLE');
    expect(await heavy.api.add(1, 2)).toBe(3);
  });

  test('a signal answers the caller at once and the function sees it', async () => {
    await using heavy = open();
    const controller = new AbortController();
    await heavy.api.add(1, 1);
    const call = failure(heavy.call('untilAborted', [], { signal: controller.signal }));
    controller.abort(new Error('client went away'));
    expect(await call).toMatchObject({
      code: 'ERR_PLIMSOLL_ABORTED',
      cause: { message: 'client went away' },
    });
    expect(await heavy.api.wasAborted()).toBe(true);
    expect(heavy.stats()).toMatchObject({ startCount: 1, activeCount: 0 });
    const before = failure(heavy.call('add', [1, 1], { signal: AbortSignal.abort() }));
    expect((await before).code).toBe('ERR_PLIMSOLL_ABORTED');
  });

  test('a function that never answers times out, and one that never stops is ended with its host', async () => {
    await using heavy = open();
    await heavy.api.add(1, 1);
    expect((await failure(heavy.call('spin', [], { timeoutMs: 30 }))).code).toBe('ERR_PLIMSOLL_TIMEOUT');
    expect(await heavy.call('add', [1, 2], { timeoutMs: 10_000 })).toBe(3);
    expect(heavy.stats().startCount).toBe(2);
  });

  test('one call is under way at a time by default, 3 with concurrencyCount 3, the 5th of 4 pending is refused', async () => {
    await using one = open();
    expect(await Promise.all([one.api.together(), one.api.together(), one.api.together()])).toEqual([
      1, 1, 1,
    ]);
    await using three = open({ concurrencyCount: 3, maxPendingCount: 4 });
    const calls = Array.from({ length: 4 }, () => three.api.together());
    const refused = await failure(three.api.together());
    expect(refused).toMatchObject({ code: 'ERR_PLIMSOLL_LIMIT', details: { maxPendingCount: 4 } });
    expect(Math.max(...(await Promise.all(calls)))).toBe(3);
  });

  test('bytes go there and come back; those transferred to a worker are moved', async () => {
    await using heavy = open();
    const bytes = new Uint8Array([1, 2, 3]);
    expect([...(await heavy.api.reverse(bytes))]).toEqual([3, 2, 1]);
    expect(bytes.byteLength).toBe(3);
    expect(await heavy.call('sizeOf', [bytes], { transfer: [bytes.buffer] })).toBe(3);
    expect(bytes.byteLength).toBe(kind === 'lazyWorker' ? 0 : 3);
    expect([...((await heavy.api.moved(4)) as unknown as Uint8Array)]).toEqual([7, 7, 7, 7]);
  });

  test('a module that does not load refuses the call with its error and is tried again by the next, after a pause', async () => {
    await using broken = start<{ f(): void }>(new URL('../fixtures/broken.mjs', import.meta.url), {
      maxHeapBytes: mib(64),
    });
    expect(await failure(broken.api.f())).toMatchObject({
      code: 'ERR_PLIMSOLL_FACTORY',
      cause: { message: 'does not load' },
    });
    expect((await failure(broken.api.f())).code).toBe('ERR_PLIMSOLL_FACTORY');
    expect(broken.stats().startCount).toBe(2);
  });

  test('after the end calls are refused, also those without an answer', async () => {
    const heavy = open();
    await heavy.api.add(1, 1);
    const pending = failure(heavy.api.nothing());
    const waiting = failure(heavy.api.add(1, 1));
    await heavy[Symbol.asyncDispose]();
    expect((await pending).code).toBe('ERR_PLIMSOLL_DISPOSED');
    expect((await waiting).code).toBe('ERR_PLIMSOLL_DISPOSED');
    expect((await failure(heavy.api.add(1, 1))).code).toBe('ERR_PLIMSOLL_DISPOSED');
  });
});

test.each(['lazyWorker', 'lazyProcess'])(
  'an idle %s does not hold its process, and its end can be awaited as the last thing a process does',
  (kind) => {
    const own = pathToFileURL(join(import.meta.dirname, '../../dist/index.js')).href;
    const program = (last: string): string => `
      import { ${kind} } from ${JSON.stringify(own)};
      const heavy = ${kind}(${JSON.stringify(url.href)}, { maxHeapBytes: ${mib(64)} });
      console.log(await heavy.api.add(1, 2));
      ${last}`;
    const run = (last: string): string =>
      execFileSync(process.execPath, ['--input-type=module', '-e', program(last)], {
        encoding: 'utf8',
        timeout: 10_000,
      });
    expect(run('')).toBe('3\n');
    expect(run("await heavy[Symbol.asyncDispose](); console.log('ended');")).toBe('3\nended\n');
  },
);

test('a child killed by SIGKILL in mid-call refuses that call, naming the signal', async () => {
  await using heavy = lazyProcess<typeof Heavy>(url, { maxHeapBytes: mib(64) });
  const error = await failure(heavy.api.die('SIGKILL'));
  expect(error).toMatchObject({ code: 'ERR_PLIMSOLL_UNAVAILABLE', details: { signal: 'SIGKILL' } });
  expect(await heavy.api.add(1, 2)).toBe(3);
});

test('a host that crashes again and again is started at most 4 times in 500 ms', async () => {
  await using heavy = lazyProcess<typeof Heavy>(url, { maxHeapBytes: mib(64), callTimeoutMs: 500 });
  const crash = async (): Promise<void> => {
    const error = await failure(heavy.api.exit(1));
    if (error.code === 'ERR_PLIMSOLL_UNAVAILABLE') await crash();
  };
  await Promise.race([crash(), sleep(500)]);
  expect(heavy.stats().startCount).toBeLessThanOrEqual(4);
});

test.each([
  [{}, 'maxHeapBytes is undefined'],
  [{ maxHeapBytes: mib(64), idleMs: 0 }, 'idleMs is 0'],
  [{ maxHeapBytes: mib(64), concurrencyCount: 1.5 }, 'concurrencyCount is 1.5'],
])('options %j are refused with their name and value', (options, text) => {
  expect(() => lazyWorker(url, options as never)).toThrow(text);
});

test('a lazyWorker without a size gets what the plan keeps for one: 24 MiB and 6 young', async () => {
  offerWorkerRoom(() => ({ oldSpaceBytes: mib(24), youngSpaceBytes: mib(6) }));
  try {
    await using v8 = lazyWorker<typeof V8>('node:v8');
    const { heap_size_limit: limitBytes } = await v8.api.getHeapStatistics();
    expect(limitBytes).toBe(mib(30));
  } finally {
    forgetProcessWide('worker-room');
  }
});

test('a path that is no URL is refused with what to give', () => {
  expect(() => lazyProcess('./heavy.mjs', { maxHeapBytes: mib(64) })).toThrow("Give new URL('./module.js'");
});
