import { setTimeout as sleep } from 'node:timers/promises';
import { isPlimsollError, mib, type PlimsollError, reclaim } from '@plimsoll/memory';
import { expect, test } from 'vitest';
import { lazyValue, type LazyValueOptions } from '../src/index.ts';

interface Parser {
  readonly id: number;
  ended: boolean;
}

function parser(options: LazyValueOptions<Parser> = {}, make?: (id: number) => Parser | Promise<Parser>) {
  const made: Parser[] = [];
  const value = lazyValue<Parser>(
    async () => {
      const created = (await make?.(made.length)) ?? { id: made.length, ended: false };
      made.push(created);
      return created;
    },
    {
      dispose: (created) => {
        created.ended = true;
      },
      ...options,
    },
  );
  return { value, made };
}

function deferred() {
  let resolve = (): void => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

async function failure(work: Promise<unknown>): Promise<PlimsollError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!isPlimsollError(error)) throw new Error(`expected a PlimsollError, got ${String(error)}`);
  return error;
}

test('100 first uses at one time make one value', async () => {
  const { value, made } = parser();
  const ids = await Promise.all(Array.from({ length: 100 }, () => value.use(({ id }) => id)));
  expect(new Set(ids)).toEqual(new Set([0]));
  expect(made).toHaveLength(1);
  expect(value.stats()).toMatchObject({ loaded: true, useCount: 100, activeCount: 0, loadCount: 1 });
});

test('a value in use is not given back before its last use ends', async () => {
  const { value, made } = parser();
  const inside = deferred();
  const use = value.use(() => inside.promise);
  const lease = await value.acquire();
  expect(value.unload()).toBe(false);
  expect(value.reclaim()).toBe(0);
  inside.resolve();
  await use;
  expect(made[0]?.ended).toBe(false);
  lease[Symbol.dispose]();
  lease[Symbol.dispose]();
  expect(made[0]?.ended).toBe(true);
  expect(() => lease.value).toThrow('This lease has ended');
  expect(await value.use(({ id }) => id)).toBe(1);
});

test('a value that idles is given back after idleMs and made again by the next use', async () => {
  const { value, made } = parser({ idleMs: 20 });
  await value.use(() => sleep(40));
  expect(made[0]?.ended).toBe(false);
  await expect.poll(() => made[0]?.ended).toBe(true);
  expect(await value.use(({ id }) => id)).toBe(1);
  expect(value.stats()).toMatchObject({ loadCount: 2, unloadCount: 1 });
});

test('under pressure the value used longest ago goes first', async () => {
  const values = ['first', 'second', 'third'].map((name) => parser({ name, valueBytes: mib(1) }).value);
  for (const value of values) {
    await value.use(() => {});
    await sleep(5);
  }
  await values[0]?.use(() => {});
  const result = reclaim(mib(1_000));
  const own = result.holders.filter(({ name }) => ['first', 'second', 'third'].includes(name));
  expect(own.map(({ name, measuredBytes }) => [name, measuredBytes])).toEqual([
    ['second', mib(1)],
    ['third', mib(1)],
    ['first', mib(1)],
  ]);
});

test('the next value is made only after the last one was disposed of', async () => {
  const steps: string[] = [];
  const value = lazyValue(
    () => {
      steps.push('made');
      return {};
    },
    {
      dispose: async () => {
        await sleep(10);
        steps.push('disposed');
      },
    },
  );
  await value.use(() => {});
  value.unload();
  await value.use(() => {});
  expect(steps).toEqual(['made', 'disposed', 'made']);
});

test('a disposer that throws, rejects or never settles does not keep the next value from being made', async () => {
  for (const dispose of [
    (): never => {
      throw new Error('no');
    },
    () => Promise.reject(new Error('no')),
    () => new Promise(() => {}),
  ]) {
    const value = lazyValue(() => ({}), { dispose, timeoutMs: 20 });
    await value.use(() => {});
    value.unload();
    await value.use(() => {});
    expect(value.stats().loadCount).toBe(2);
  }
});

test.each([
  [
    'throws at once',
    () => {
      throw new Error('cause');
    },
    'cause',
  ],
  ['rejects', () => Promise.reject(new Error('cause')), 'cause'],
  ['answers undefined', () => undefined, 'the factory answered undefined'],
  ['answers a promise of undefined', () => Promise.resolve(undefined), 'the factory answered undefined'],
  ['never settles', () => new Promise(() => {}), 'did not settle within 20 ms'],
])(
  'a factory that %s rejects every caller with declaration and first use, and the next use tries again',
  async (_, factory, text) => {
    let good = false;
    const value = lazyValue<unknown>(() => (good ? 'value' : factory()), { name: 'parser', timeoutMs: 20 });
    const both = await Promise.all([failure(value.use(() => {})), failure(value.use(() => {}))]);
    for (const error of both) {
      expect(error.code).toBe('ERR_PLIMSOLL_FACTORY');
      expect(error.message).toContain(text);
      expect(error.message).toMatch(
        /Declared at .*lazy-value\.test\.ts:\d+:\d+.*first used at .*lazy-value\.test\.ts:\d+:\d+/,
      );
    }
    good = true;
    expect(await value.use((made) => made)).toBe('value');
    expect(value.stats()).toMatchObject({ failedCount: 1, activeCount: 0 });
  },
);

test('what comes after the deadline is disposed of', async () => {
  let deliver: ((created: Parser) => void) | undefined;
  const disposed: Parser[] = [];
  const value = lazyValue(() => new Promise<Parser>((resolve) => (deliver = resolve)), {
    timeoutMs: 10,
    dispose: (created) => disposed.push(created),
  });
  await failure(value.use(() => {}));
  const late = { id: 1, ended: false };
  deliver?.(late);
  await sleep(0);
  expect(disposed).toEqual([late]);
});

test('a synchronous factory serves useSync without a promise', () => {
  let count = 0;
  const value = lazyValue(() => ({ id: (count += 1) }));
  expect(value.useSync(({ id }) => id)).toBe(1);
  expect(value.useSync(({ id }) => id)).toBe(1);
  value.unload();
  expect(value.useSync(({ id }) => id)).toBe(2);
});

test('useSync refuses an asynchronous factory, and what it began serves the next use', async () => {
  const { value, made } = parser();
  expect(() => value.useSync(() => {})).toThrow('is made by an asynchronous factory');
  expect(await value.use(({ id }) => id)).toBe(0);
  expect(made).toHaveLength(1);
  expect(value.useSync(({ id }) => id)).toBe(0);
});

test('warmUp makes the value when the event loop is idle', async () => {
  const { value } = parser();
  value.warmUp();
  expect(value.stats().loaded).toBe(false);
  await expect.poll(() => value.stats().loaded).toBe(true);
});

test('after the end the value is gone and a use is refused; a use under way ends first', async () => {
  const { value, made } = parser();
  const use = value.use(() => sleep(10));
  await value.use(() => {});
  await value[Symbol.asyncDispose]();
  expect(made[0]?.ended).toBe(false);
  expect((await failure(value.use(() => {}))).code).toBe('ERR_PLIMSOLL_DISPOSED');
  await use;
  expect(made[0]?.ended).toBe(true);
});

test('options are refused with their name and value', () => {
  expect(() => lazyValue(5 as never)).toThrow('factory is 5');
  expect(() => lazyValue(() => 1, { idleMs: -1 })).toThrow('idleMs is -1');
  expect(() => lazyValue(() => 1, { dispose: 'no' as never })).toThrow('dispose is "no"');
});
