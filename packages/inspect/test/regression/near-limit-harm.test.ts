/** The ways in which a hook at V8's heap limit can slow, hang or kill a service, each with a service that really meets its limit. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { get, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type ChildOutcome, inspectUrl, runModule } from '../child/run-node.ts';

const SMALL_HEAP = ['--max-old-space-size=40', '--max-semi-space-size=1'];

/** A service with the hook armed that says what it meets, and a `grow` that never ends. */
const PRELUDE = `
  import { writeSync } from 'node:fs';
  import { armNearLimit, checkNearLimit, disarmNearLimit, isNearLimitArmed, onNearLimit } from ${JSON.stringify(inspectUrl)};
  const say = (word) => writeSync(1, word + '\\n');
  const kept = [];
  const grow = (count = Infinity) => { for (let i = 0; i < count; i += 1) kept.push({ i, text: 'kept ' + i }); };
`;

const endsAs = ({ status, signal }: ChildOutcome): unknown => signal ?? status;

test('without a hook the limit ends in SIGABRT: what every other case is compared with', () => {
  const outcome = runModule(`${PRELUDE} grow();`, SMALL_HEAP);
  expect([endsAs(outcome), outcome.stdout]).toEqual(['SIGABRT', '']);
});

test('armed, the policy runs in the middle of a synchronous loop and the death is SIGABRT as before', () => {
  const outcome = runModule(
    `${PRELUDE} onNearLimit(({ frames, heapLimitBytes, heapUsedBytes }) => {
       say([frames[0].functionName, heapUsedBytes > 0.8 * heapLimitBytes, heapUsedBytes < 1.5 * heapLimitBytes].join());
       return { exit: 134 };
     });
     process.on('exit', () => say('an exit listener ran'));
     say(armNearLimit('test').armed); grow();`,
    SMALL_HEAP,
  );
  expect([endsAs(outcome), outcome.stdout]).toEqual(['SIGABRT', 'true\ngrow,true,true\n']);
});

test('another exit code is that of the policy, and 134 is SIGABRT also where the service listens for it', () => {
  const armed = (code: number, extra = ''): ChildOutcome =>
    runModule(
      `${PRELUDE} ${extra} onNearLimit(() => ({ exit: ${code} })); armNearLimit('test'); grow();`,
      SMALL_HEAP,
    );
  expect(endsAs(armed(77))).toBe(77);
  expect(endsAs(armed(134, "process.on('SIGABRT', () => say('caught'));"))).toBe('SIGABRT');
});

test('a policy that throws, and one that does not decide, end as without a hook', () => {
  const outcome = runModule(
    `${PRELUDE} onNearLimit(() => { throw new Error('no'); }); onNearLimit(() => undefined); armNearLimit('test'); grow();`,
    SMALL_HEAP,
  );
  expect(endsAs(outcome)).toBe('SIGABRT');
});

test('a heap that is let grow goes on in steps of about a quarter or less, in the middle of a synchronous loop, and ends before V8’s four times', () => {
  const outcome = runModule(
    `${PRELUDE} import { getHeapStatistics } from 'node:v8';
     const limits = [];
     // What V8 finds live can be little more than at the step before; a step beyond 1.45 would be room that nobody allowed.
     onNearLimit(({ canGrow, heapLimitBytes, nextHeapLimitBytes }) => {
       limits.push(heapLimitBytes / 2 ** 20);
       if (canGrow) return { growToBytes: nextHeapLimitBytes };
       const steps = limits.slice(1).map((limit, index) => (limit - 3) / (limits[index] - 3));
       say([limits.length > 4, steps.every((step) => step > 1 && step < 1.45), limits.at(-1) > 50, limits.at(-1) < 67].join());
       return { exit: 77 };
     });
     armNearLimit('test'); grow();`,
    // V8 has a second end, by the share of time that collections take, which a busy machine meets first.
    ['--max-old-space-size=16', '--max-semi-space-size=1', '--no-detect-ineffective-gcs-near-heap-limit'],
  );
  expect([endsAs(outcome), outcome.stdout]).toEqual([77, 'true,true,true,true\n']);
});

test('a heap that was let grow once, from 43 to about 55 MiB, is armed again, and disarmed it keeps what is live', () => {
  const outcome = runModule(
    `${PRELUDE} import { getHeapStatistics } from 'node:v8';
     let count = 0;
     onNearLimit(({ nextHeapLimitBytes }) => ((count += 1) === 1 ? { growToBytes: nextHeapLimitBytes } : { exit: 77 }));
     armNearLimit('test');
     while (count === 0) grow(1000);
     const limit = getHeapStatistics().heap_size_limit / 2 ** 20;
     say([isNearLimitArmed(), limit > 48, limit < 65].join());
     disarmNearLimit('test'); say(isNearLimitArmed()); say(getHeapStatistics().heap_size_limit > getHeapStatistics().used_heap_size);`,
    SMALL_HEAP,
  );
  expect([endsAs(outcome), outcome.stdout]).toEqual([0, 'true,true,true\nfalse\ntrue\n']);
});

test('with a worker whose session is connected the end is the same, and growth is refused instead of hanging', () => {
  const sentinel = `const { Session } = require('node:inspector'); const { parentPort } = require('node:worker_threads');
    const session = new Session(); session.connectToMainThread(); session.post('Runtime.enable');
    parentPort.postMessage('connected'); setInterval(() => {}, 1000);`;
  const outcome = runModule(
    `${PRELUDE} import { once } from 'node:events'; import { Worker } from 'node:worker_threads';
     checkNearLimit();
     const worker = new Worker(${JSON.stringify(sentinel)}, { eval: true, execArgv: [] });
     await once(worker, 'message');
     onNearLimit(({ canGrow, heapLimitBytes }) => { say('limit ' + canGrow); return { growToBytes: heapLimitBytes * 2 }; });
     armNearLimit('test'); grow();`,
    SMALL_HEAP,
  );
  expect([endsAs(outcome), outcome.stdout]).toEqual(['SIGABRT', 'limit false\n']);
});

test('1,000 debugger statements of the service stop nothing while armed', () => {
  const outcome = runModule(
    `${PRELUDE} armNearLimit('test'); for (let i = 0; i < 1000; i += 1) { debugger; } say('done');`,
  );
  expect([endsAs(outcome), outcome.stdout]).toEqual([0, 'done\n']);
});

test('a debugger statement inside a worker’s evaluate stops nothing while armed', () => {
  const evaluator = `const { Session } = require('node:inspector'); const { parentPort } = require('node:worker_threads');
    const session = new Session(); session.connectToMainThread();
    session.post('Runtime.evaluate', { expression: 'debugger; 41 + 1' }, (error, answer) => { session.disconnect(); parentPort.postMessage(answer.result.value); });
    const alive = setInterval(() => {}, 1000); parentPort.once('message', () => clearInterval(alive));`;
  const outcome = runModule(
    `${PRELUDE} import { once } from 'node:events'; import { Worker } from 'node:worker_threads';
     armNearLimit('test');
     const worker = new Worker(${JSON.stringify(evaluator)}, { eval: true, execArgv: [] });
     const [answer] = await once(worker, 'message');
     say(answer); await worker.terminate();`,
    [],
    { timeoutMs: 10_000 },
  );
  expect([endsAs(outcome), outcome.stdout]).toEqual([0, '42\n']);
});

test('a second session of the service gets its own pauses, and ends them itself', () => {
  const outcome = runModule(
    `${PRELUDE} import { Session } from 'node:inspector';
     const theirs = new Session(); theirs.connect(); theirs.post('Debugger.enable');
     theirs.on('Debugger.paused', ({ params }) => { say('theirs ' + params.reason); theirs.post('Debugger.resume'); });
     onNearLimit(() => { say('ours'); return { exit: 77 }; });
     armNearLimit('test'); debugger; disarmNearLimit('test'); debugger; armNearLimit('again'); say('on'); grow();`,
    SMALL_HEAP,
  );
  expect(outcome.stdout.split('\n').slice(0, 3)).toEqual(['theirs other', 'theirs other', 'on']);
  expect([endsAs(outcome), outcome.stdout.includes('ours')]).toEqual([77, true]);
});

test.each([
  ['an open inspector port', ['--inspect=127.0.0.1:0'], 'The inspector port is open'],
  [
    '--heapsnapshot-near-heap-limit',
    ['--heapsnapshot-near-heap-limit=1'],
    '--heapsnapshot-near-heap-limit acts at the limit itself',
  ],
  [
    'the permission model',
    [
      process.versions.node.startsWith('20.') ? '--experimental-permission' : '--permission',
      '--allow-fs-read=*',
    ],
    'There is no inspector',
  ],
])('beside %s the hook stands down and says why', (_name, flags, reason) => {
  const outcome = runModule(
    `${PRELUDE} const { armed, reason } = armNearLimit('test'); say(armed + ' ' + reason); process.exit(0);`,
    flags,
  );
  expect(outcome.stdout).toContain(`false ${reason}`);
  expect(endsAs(outcome)).toBe(0);
});

test('a port that is opened while armed disarms at the next tick', () => {
  const outcome = runModule(
    `${PRELUDE} import { open } from 'node:inspector';
     say(armNearLimit('test').armed); open(0, '127.0.0.1'); checkNearLimit(); say(isNearLimitArmed()); process.exit(0);`,
  );
  expect(outcome.stdout).toBe('true\nfalse\n');
});

test.each([
  ['ends the process', '{ exit: 77 }', 77, 'limit\n'],
  ['lets the heap grow', '{ growToBytes: nextHeapLimitBytes }', 0, 'limit\n700000\n'],
])(
  'a limit met in code that debuggers skip, where Node.js 20 and 22 do not pause, is decided at the next tick at the latest: the policy %s',
  (_name, decision, status, stdout) => {
    const outcome = runModule(
      `${PRELUDE} import { openInspector } from ${JSON.stringify(inspectUrl)};
     let isTold = false;
     onNearLimit(({ nextHeapLimitBytes }) => { if (!isTold) say('limit'); isTold = true; return ${decision}; });
     armNearLimit('test'); openInspector().tryAsk('Debugger.setBlackboxPatterns', { patterns: ['.*'] });
     grow(700_000); checkNearLimit(); checkNearLimit(); say(kept.length);`,
      SMALL_HEAP,
    );
    expect([endsAs(outcome), outcome.stdout]).toEqual([status, stdout]);
  },
);

/** The first line that matches on a stream of the child. */
async function lineOf(
  child: ChildProcess,
  stream: 'stdout' | 'stderr',
  pattern: RegExp,
): Promise<RegExpExecArray> {
  let text = '';
  for await (const part of child[stream] as NodeJS.ReadableStream) {
    text += String(part);
    const found = pattern.exec(text);
    if (found !== null) return found;
  }
  throw new Error(`${stream} ended without ${String(pattern)}: ${text}`);
}

/** An inspector client as DevTools is one: a web socket that stays open. */
async function attach(port: number): Promise<() => void> {
  const [response] = (await once(get({ port, host: '127.0.0.1', path: '/json/list' }), 'response')) as [
    NodeJS.ReadableStream,
  ];
  let text = '';
  for await (const part of response) text += String(part);
  const [{ id }] = JSON.parse(text) as [{ id: string }];
  const headers = {
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Key': 'cGxpbXNvbGwgbG9hZCBsaQ==',
    'Sec-WebSocket-Version': '13',
  };
  const upgrade = request({ port, host: '127.0.0.1', path: `/${id}`, headers });
  upgrade.end();
  const [, socket] = (await once(upgrade, 'upgrade')) as [
    unknown,
    { destroy(): void; on(event: 'error', listener: () => void): void },
  ];
  socket.on('error', () => undefined);
  return () => socket.destroy();
}

test('a client that attaches after arming does not hang the process at its limit', async () => {
  const program = `${PRELUDE} onNearLimit(({ canGrow, heapLimitBytes }) => { say('limit ' + canGrow); return { growToBytes: heapLimitBytes * 2 }; });
    armNearLimit('test'); process.stdin.once('data', () => grow()); say('ready');`;
  const child = spawn(
    process.execPath,
    [...SMALL_HEAP, '--inspect-port=127.0.0.1:0', '--input-type=module', '-e', program],
    {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, NODE_OPTIONS: '' },
    },
  );
  const exited = once(child, 'exit');
  await lineOf(child, 'stdout', /ready/);
  child.kill('SIGUSR1');
  const [, port] = await lineOf(child, 'stderr', /ws:\/\/127\.0\.0\.1:(\d+)\//);
  const detach = await attach(Number(port));
  child.stdin?.write('go');
  const [code, signal] = (await exited) as [number | null, NodeJS.Signals | null];
  detach();
  expect(signal ?? code).toBe('SIGABRT');
});

test('coverage is still written when the process ends by itself while armed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-coverage-'));
  const outcome = runModule(`${PRELUDE} armNearLimit('test'); say('done');`, [], {
    env: { NODE_V8_COVERAGE: folder },
  });
  const files = readdirSync(folder).filter((name) => name.startsWith('coverage-'));
  rmSync(folder, { recursive: true });
  expect([endsAs(outcome), outcome.stdout, files.length]).toEqual([0, 'done\n', 1]);
});

test('disarmed again, the limit ends as without a hook', () => {
  const outcome = runModule(
    `${PRELUDE} onNearLimit(() => { say('limit'); return { exit: 77 }; }); armNearLimit('test'); disarmNearLimit('test'); grow();`,
    SMALL_HEAP,
  );
  expect([endsAs(outcome), outcome.stdout]).toEqual(['SIGABRT', '']);
});

/** A worker that grows until its limit, armed; what its owner sees goes to stdout. */
function workerAtLimit(exit: number, growth: string): ChildOutcome {
  const worker = `const { writeSync } = require('node:fs');
    process.on('exit', () => writeSync(1, 'exit listener\\n'));
    process.on('uncaughtException', () => writeSync(1, 'exception listener\\n'));
    import(${JSON.stringify(inspectUrl)}).then(({ armNearLimit, onNearLimit }) => {
      onNearLimit(({ canGrow }) => { writeSync(1, 'limit ' + canGrow + '\\n'); return { exit: ${exit} }; });
      armNearLimit('test'); ${growth}
    });`;
  return runModule(
    `${PRELUDE} import { Worker } from 'node:worker_threads';
     const worker = new Worker(${JSON.stringify(worker)}, { eval: true, execArgv: [], resourceLimits: { maxOldGenerationSizeMb: 30 } });
     worker.on('error', (error) => say([error instanceof Error, error.code, error.message].join(' ')));
     worker.on('exit', (code) => say('owner ' + code));`,
  );
}

test.each([
  ['in a synchronous loop', 'const kept = []; for (let i = 0; ; i += 1) kept.push({ i });'],
  ['doubling a Map', 'const kept = new Map(); for (let i = 0; ; i += 1) kept.set(`key ${i}`, { i });'],
  [
    'between timers',
    'const kept = []; (function more() { for (let i = 0; i < 20_000; i += 1) kept.push({ i }); setImmediate(more); })();',
  ],
])('a worker that meets its limit %s ends alone, and its owner is told what Node would tell', (_, growth) => {
  const outcome = workerAtLimit(134, growth);
  const error =
    'true ERR_WORKER_OUT_OF_MEMORY Worker terminated due to reaching memory limit: JS heap out of memory';
  expect([endsAs(outcome), outcome.stdout]).toEqual([0, `limit false\n${error}\nowner 1\n`]);
});

test('a worker whose policy names another code ends with it, and its owner gets no error', () => {
  const outcome = workerAtLimit(77, 'const kept = []; for (let i = 0; ; i += 1) kept.push({ i });');
  expect([endsAs(outcome), outcome.stdout]).toEqual([0, 'limit false\nowner 77\n']);
});
