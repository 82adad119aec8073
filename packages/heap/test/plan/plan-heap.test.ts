import { isPlimsollError, mib } from '@plimsoll/memory';
import { expect, test } from 'vitest';
import { type HeapPlan, planHeap } from '../../src/index.ts';

function spentBytes(plan: HeapPlan): number {
  return plan.oldSpaceBytes + plan.reserves.reduce((sum, { bytes }) => sum + bytes, 0);
}

function refusalOf(run: () => unknown): { message: string; neededBytes: number } {
  try {
    run();
  } catch (error) {
    if (isPlimsollError(error, 'ERR_PLIMSOLL_PLAN')) {
      return { message: error.message, neededBytes: Number(error.details['neededBytes']) };
    }
    throw error;
  }
  throw new Error('the plan was not refused');
}

test.each([
  [128, 51, 2],
  [256, 169, 8],
  [512, 398, 16],
  [1024, 857, 16],
  [4096, 3695, 16],
])(
  'a limit of %i MiB gives Node.js 24 an old space of %i MiB and a semi-space of %i MiB',
  (limit, old, semi) => {
    const plan = planHeap({ limitBytes: mib(limit), nodeMajor: 24 });
    expect(plan.flags).toEqual([`--max-old-space-size=${old}`, `--max-semi-space-size=${semi}`]);
    expect(plan.heapLimitBytes).toBe(mib(old + 3 * semi));
  },
);

test('before Node.js 24 a heap needs more beside itself, 779 instead of 857 MiB of 1 GiB; the program of 20 is 10 MiB smaller', () => {
  const oldSpaceMib = (limit: number, nodeMajor: number) =>
    planHeap({ limitBytes: mib(limit), nodeMajor }).oldSpaceBytes / mib(1);
  expect([20, 22, 24].map((major) => oldSpaceMib(1024, major))).toEqual([788, 779, 857]);
  expect([20, 22, 24].map((major) => oldSpaceMib(256, major))).toEqual([166, 157, 169]);
});

test('Node.js 26 needs 5 % more beside what a heap has above 400 MiB: 1,739 instead of 1,803 MiB of 2 GiB, and no less of 256 MiB', () => {
  const oldSpaceMib = (limit: number, nodeMajor: number) =>
    planHeap({ limitBytes: mib(limit), nodeMajor }).oldSpaceBytes / mib(1);
  expect([24, 26].map((major) => oldSpaceMib(2048, major))).toEqual([1803, 1739]);
  expect([24, 26].map((major) => oldSpaceMib(256, major))).toEqual([169, 169]);
});

test('three children and this process share 1 GiB: four equal old spaces of 203 MiB, the program counted once', () => {
  const plan = planHeap({ limitBytes: mib(1024), childCount: 3, nodeMajor: 24 });
  const { bytes } = plan.reserves.find(({ name }) => name === 'children') ?? { bytes: 0 };
  expect(plan.flags).toEqual(['--max-old-space-size=203', '--max-semi-space-size=8']);
  expect(bytes).toBe(mib(732));
  expect((mib(1024) - mib(48) - bytes) * 4).toBe(mib(1024) - mib(48));
});

test('two workers of 64 MiB: the plan tells their size, and a plan without workers has none', () => {
  const terms = { limitBytes: mib(512), nodeMajor: 24 };
  expect(planHeap(terms).workers).toBeUndefined();
  expect(planHeap({ ...terms, workerCount: 2, workerOldSpaceBytes: mib(64) }).workers).toEqual({
    workerCount: 2,
    oldSpaceBytes: mib(64),
    semiSpaceBytes: mib(2),
  });
});

test('a row that nobody has measured is named as such in the explanation', () => {
  const explained = planHeap({ limitBytes: mib(256), nodeMajor: 24, platform: 'arm64-musl' }).explain();
  expect(explained).toContain('Constants of arm64-musl: not measured there, those of x64-glibc are used.');
});

test('the reserves and the old space add up to the limit to the byte, for 1,000 limits', () => {
  for (let count = 0; count < 1000; count += 1) {
    const plan = planHeap({
      limitBytes: mib(440) + count * 7_654_321,
      externalBytes: count * 4_321,
      workerCount: count % 3,
      childCount: count % 2,
      nodeMajor: 20,
    });
    expect(spentBytes(plan)).toBe(plan.limitBytes);
  }
});

test('50 MiB of Buffers, two workers and a package manager each take their bytes from the old space', () => {
  const bare = planHeap({ limitBytes: mib(1024), nodeMajor: 24 });
  const full = planHeap({
    limitBytes: mib(1024),
    externalBytes: mib(50),
    workerCount: 2,
    besideBytes: mib(40),
    nodeMajor: 24,
  });
  const named = Object.fromEntries(full.reserves.map(({ name, bytes }) => [name, bytes]));
  expect(named).toMatchObject({
    external: mib(50),
    workers: expect.closeTo(mib(49.6), -2) as number,
    beside: mib(40),
  });
  const takenMib = (bare.oldSpaceBytes - full.oldSpaceBytes) / mib(1);
  expect(takenMib).toBeGreaterThanOrEqual((50 + 49.6 + 40) / 1.05 - 1);
  expect(takenMib).toBeLessThanOrEqual((50 + 49.6 + 40) / 1.05 + 1);
});

test('a limit of 64 MiB is refused with the numbers and the 91 MiB that would do', () => {
  const { message, neededBytes } = refusalOf(() => planHeap({ limitBytes: mib(64), nodeMajor: 24 }));
  expect(neededBytes).toBe(mib(91));
  expect(message).toBe(
    'No heap fits a limit of 64 MiB: program 48 MiB, process 10 MiB, guard 4 MiB, young 8 MiB, margin 4 MiB leave 0 B for the old space, ' +
      'below the floor of 16 MiB. Raise the memory limit to at least 91 MiB.',
  );
});

test.each([
  { limitBytes: mib(64) },
  { limitBytes: mib(128), externalBytes: mib(50) },
  { limitBytes: mib(250), externalBytes: mib(300), workerCount: 4 },
  { limitBytes: mib(100), semiSpaceBytes: mib(64) },
  { limitBytes: mib(256), childCount: 7 },
])('the limit that a refusal of %o names is planned, and 1 MiB less is not', (options) => {
  const { neededBytes } = refusalOf(() => planHeap({ ...options, nodeMajor: 24 }));
  expect(
    planHeap({ ...options, limitBytes: neededBytes, nodeMajor: 24 }).oldSpaceBytes,
  ).toBeGreaterThanOrEqual(mib(16));
  refusalOf(() => planHeap({ ...options, limitBytes: neededBytes - mib(1), nodeMajor: 24 }));
});

test('a refusal with Buffers in it names PLIMSOLL_EXTERNAL as something to lower', () => {
  const { message } = refusalOf(() =>
    planHeap({ limitBytes: mib(128), externalBytes: mib(50), nodeMajor: 24 }),
  );
  expect(message).toContain('or lower the budget for Buffers (PLIMSOLL_EXTERNAL)');
});

test.each([
  ['limitBytes', { limitBytes: Number.NaN }],
  ['externalBytes', { limitBytes: mib(256), externalBytes: -1 }],
  ['workerCount', { limitBytes: mib(256), workerCount: 1.5 }],
  ['childCount', { limitBytes: mib(256), childCount: -1 }],
  ['platform', { limitBytes: mib(256), platform: 'vax' as 'other' }],
  ['semiSpaceBytes', { limitBytes: mib(256), semiSpaceBytes: 12 }],
])('a bad %s is an error that names it', (option, options) => {
  expect(() => planHeap(options)).toThrow(
    expect.objectContaining({ code: 'ERR_PLIMSOLL_OPTION', message: expect.stringContaining(option) }),
  );
});

test('explains a limit of 256 MiB as a table of what each MiB is for', () => {
  const plan = planHeap({
    limitBytes: mib(256),
    limitOrigin: '/sys/fs/cgroup/memory.max',
    nodeMajor: 24,
    platform: 'x64-glibc',
  });
  expect(plan.explain()).toMatchInlineSnapshot(`
    "limit          256.0 MiB  /sys/fs/cgroup/memory.max
    program        -48.0 MiB  pages of the node program itself; without them it hangs re-reading its own code
    process        -10.0 MiB  what Node.js needs before it runs any code
    guard           -4.0 MiB  the guard: its modules, the sampling profile, the timeline
    young           -8.0 MiB  young generation; V8 empties it at its limit, and the evidence is written in its place
    heap-overhead   -8.5 MiB  V8’s own bookkeeping and fragmentation: 5 % of the old space
    margin          -8.5 MiB  kernel memory of the container (sockets, page tables), and rounding
    old space      169.0 MiB  what is left: the objects of the service

    flags  --max-old-space-size=169 --max-semi-space-size=8
    V8 will report a heap limit of 193.0 MiB (old space and three semi-spaces).
    Constants of x64-glibc, measured."
  `);
});
