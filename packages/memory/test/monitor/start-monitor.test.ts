import { execFileSync } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import {
  isPlimsollError,
  journal,
  type MemoryMonitor,
  type MemoryMonitorOptions,
  mib,
  onPressure,
  openMemoryReader,
  type PressureEvent,
  pressureChannelName,
  pressureLevel,
  registerHolder,
  setHolderBudget,
  startMemoryMonitor,
} from '../../src/index.ts';
import { buildTree, host, mountLine, v2Group } from '../limits/fixture-tree.ts';

const LIMIT_BYTES = mib(512);
const GROUP = '/sys/fs/cgroup/app';

/** A monitor in a container of 512 MiB whose usage the test sets; the clock is so slow that only the test ticks. */
function monitorInContainer(options: MemoryMonitorOptions = {}): {
  monitor: MemoryMonitor;
  readonly use: (usedMib: number) => void;
  readonly limit: (limitMib: number) => void;
} {
  const tree = buildTree({
    ...host,
    '/proc/self/cgroup': '0::/app\n',
    '/proc/self/mountinfo': mountLine('cgroup2', '/', '/sys/fs/cgroup'),
    ...v2Group(GROUP, { max: String(LIMIT_BYTES), usage: mib(100) }),
  });
  const reader = openMemoryReader({ root: tree.root });
  const monitor = startMemoryMonitor({ reader, tickMs: 3_600_000, fastTickMs: 3_600_000, ...options });
  onTestFinished(() => {
    monitor[Symbol.dispose]();
    reader[Symbol.dispose]();
    tree[Symbol.dispose]();
  });
  return {
    monitor,
    use: (usedMib) => {
      tree.write(`${GROUP}/memory.current`, `${mib(usedMib)}\n`);
      monitor.sampleNow();
    },
    limit: (limitMib) => tree.write(`${GROUP}/memory.max`, `${mib(limitMib)}\n`),
  };
}

function journalledEvents(part: string): string[] {
  return journal()
    .entries()
    .filter((entry) => entry.part === part)
    .map(({ event }) => event);
}

test('a level that rises is told to listeners and the channel once, with the numbers, and journalled', () => {
  const { monitor, use } = monitorInContainer();
  const told: PressureEvent[] = [];
  const published: unknown[] = [];
  const onMessage = (message: unknown) => published.push(message);
  using _listener = onPressure((event) => told.push(event));
  subscribe(pressureChannelName, onMessage);
  use(300);
  use(400);
  use(410);
  use(470);
  unsubscribe(pressureChannelName, onMessage);
  expect(
    told.map(({ previousLevel, level, headroomBytes }) => [previousLevel, level, headroomBytes]),
  ).toEqual([
    ['normal', 'elevated', mib(112)],
    ['elevated', 'critical', mib(42)],
  ]);
  expect(published).toEqual(told);
  expect(told[1]?.reason).toBe('92 % of the limit of 512 MiB is in use');
  expect(monitor.level).toBe('critical');
  expect(journalledEvents('pressure').slice(-2)).toEqual(['level-changed', 'level-changed']);
});

test('under pressure a holder is asked for the excess once, and again only after a major collection', async () => {
  const { use } = monitorInContainer();
  const asked: number[] = [];
  using _holder = registerHolder({
    name: 'cache',
    bytes: () => mib(200),
    reclaim: (targetBytes) => asked.push(targetBytes / mib(1)),
  });
  use(300);
  expect(asked).toEqual([]);
  use(409.6);
  use(409.6);
  // 80 % in use, the level ends at 70 %: a tenth of 512 MiB.
  expect(asked.map(Math.round)).toEqual([51]);
  globalThis.gc?.();
  await sleep(20);
  use(409.6);
  expect(asked).toHaveLength(2);
});

test('at every tick the holders are kept within their common budget', () => {
  const { use } = monitorInContainer();
  let heldBytes = mib(30);
  using _holder = registerHolder({
    name: 'cache',
    bytes: () => heldBytes,
    reclaim: (targetBytes) => {
      heldBytes -= targetBytes;
      return targetBytes;
    },
  });
  setHolderBudget(mib(20));
  onTestFinished(() => setHolderBudget(undefined));
  use(100);
  expect(heldBytes).toBe(mib(20));
});

test('with reclaims: false nobody is asked', () => {
  const { use } = monitorInContainer({ reclaims: false });
  const asked: number[] = [];
  using _holder = registerHolder({ name: 'x', bytes: () => mib(50), reclaim: (bytes) => asked.push(bytes) });
  use(500);
  expect(asked).toEqual([]);
});

test('a listener that throws is dropped and journalled once; the others go on', () => {
  const { monitor, use } = monitorInContainer();
  let brokenCount = 0;
  let goodCount = 0;
  using _broken = monitor.onSample(() => {
    brokenCount += 1;
    throw new TypeError('no');
  });
  using _good = monitor.onSample(() => (goodCount += 1));
  const before = journalledEvents('monitor').filter((event) => event === 'listener-threw').length;
  use(100);
  use(100);
  expect([brokenCount, goodCount]).toEqual([1, 2]);
  expect(journalledEvents('monitor').filter((event) => event === 'listener-threw')).toHaveLength(before + 1);
});

/** Resolves with the next `count` ticks of the monitor's own clock. */
async function ticks(monitor: MemoryMonitor, count: number): Promise<void> {
  await new Promise<void>((resolve) => {
    let left = count;
    const listener = monitor.onSample(() => {
      left -= 1;
      if (left > 0) return;
      listener[Symbol.dispose]();
      resolve();
    });
  });
}

test('a second start is a handle on the first, which ticks until the last handle is disposed', async () => {
  const first = startMemoryMonitor({ tickMs: 20, fastTickMs: 20, reclaims: false });
  const second = startMemoryMonitor({ tickMs: 3_600_000, reclaims: false });
  expect(journalledEvents('monitor').at(-1)).toBe('second-start');
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  await ticks(second, 3);
  second[Symbol.dispose]();
  // The slot is free again: the next start has its own clock.
  using third = startMemoryMonitor({ tickMs: 30, fastTickMs: 30, reclaims: false });
  await ticks(third, 2);
});

test('with the last handle the level of pressure ends too', () => {
  const { monitor, use } = monitorInContainer();
  use(500);
  expect(pressureLevel()).toBe('terminal');
  monitor[Symbol.dispose]();
  expect(pressureLevel()).toBe('normal');
});

test('the limit found at the start and each change of it are journalled with their origin', async () => {
  const before = journal().entries().length;
  const { monitor, limit } = monitorInContainer({ fastTickMs: 10, fastAboveRatio: 0 });
  limit(1024);
  const changes = () =>
    journal()
      .entries()
      .slice(before)
      .filter(({ part }) => part === 'limit');
  while (changes().length < 2) await ticks(monitor, 1);
  expect(changes().map(({ event, numbers }) => [event, numbers['limitBytes'], numbers['origin']])).toEqual([
    ['limit-found', mib(512), `${GROUP}/memory.max`],
    ['limit-changed', mib(1024), `${GROUP}/memory.max`],
  ]);
});

test('a clock of 1 h runs at 10 ms once half the limit is passed', async () => {
  const { monitor, use } = monitorInContainer({ fastTickMs: 10 });
  use(255);
  use(257);
  await ticks(monitor, 3);
});

test.each([
  [{ tickMs: 5 }, 'tickMs is 5'],
  [{ tickMs: 50, fastTickMs: 100 }, 'fastTickMs 100'],
  [{ fastAboveRatio: 2 }, 'fastAboveRatio 2'],
  [{ tickMs: Number.NaN }, 'tickMs is NaN'],
  [{ thresholds: { elevatedRatio: 0.99 } }, 'elevatedRatio 0.99'],
])('options %o are refused by name and value, and no monitor is left behind', (options, part) => {
  try {
    startMemoryMonitor(options);
    expect.unreachable();
  } catch (error) {
    if (!isPlimsollError(error, 'ERR_PLIMSOLL_OPTION')) throw error;
    expect(error.message).toContain(part);
  }
  startMemoryMonitor({ reclaims: false })[Symbol.dispose]();
});

const library = new URL('../../dist/index.js', import.meta.url).href;

test('a process with nothing else to do ends although the monitor runs, and prints nothing', () => {
  const script = `import { startMemoryMonitor } from ${JSON.stringify(library)}; startMemoryMonitor();`;
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
    timeout: 10_000,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  expect(output).toBe('');
});
