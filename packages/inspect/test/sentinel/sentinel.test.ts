import { expect, test } from 'vitest';
import { type ChildOutcome, inspectUrl, runModule } from '../child/run-node.ts';

/** A service with a sentinel that grows by 200 MiB in one synchronous stretch of code of 1.2 s. */
const PRELUDE = `
  import { writeSync } from 'node:fs';
  import { armNearLimit, checkNearLimit, onNearLimit, startSentinel } from ${JSON.stringify(inspectUrl)};
  const say = (word) => writeSync(1, word + '\\n');
  const ran = new Set();
  const start = (look = () => ran.add('look')) => {
    const sentinel = startSentinel({ limitBytes: 512 * 2 ** 20, look });
    if (typeof sentinel === 'string') say(sentinel);
    else sentinel.beat(1000, process.memoryUsage.rss());
    return sentinel;
  };
  const kept = [];
  function block() {
    Promise.resolve().then(() => ran.add('microtask'));
    process.nextTick(() => ran.add('tick'));
    setImmediate(() => ran.add('immediate'));
    const untilMs = performance.now() + 1200;
    while (performance.now() < untilMs) if (kept.length < 200) kept.push(Buffer.alloc(2 ** 20, 1));
  }
`;

const endsAs = ({ status, signal }: ChildOutcome): unknown => signal ?? status;

test('in a loop that never yields the look runs, nothing of the service does, and the process ends by itself', () => {
  const outcome = runModule(
    `${PRELUDE} const sentinel = start(); setTimeout(() => { block(); say([...ran]); say(sentinel.lookCount > 0); }, 400);`,
  );
  expect([endsAs(outcome), outcome.stdout, outcome.stderr]).toEqual([0, 'look\ntrue\n', '']);
});

test('a main thread that is busy without growing is left alone', () => {
  const outcome = runModule(
    `${PRELUDE} const sentinel = start(); setTimeout(() => { kept.length = 200; block(); say(sentinel.lookCount); }, 400);`,
  );
  expect([endsAs(outcome), outcome.stdout]).toEqual([0, '0\n']);
});

test('an end in the middle of a look leaves no word of a debugger, five times in a row', () => {
  const outcome = runModule(
    `import { spawnSync } from 'node:child_process';
     const program = ${JSON.stringify(
       `${PRELUDE} const sentinel = start(); process.on('exit', () => sentinel.end());
        setTimeout(() => { const untilMs = performance.now() + 200 + Math.random() * 200;
          while (performance.now() < untilMs) if (kept.length < 400) kept.push(Buffer.alloc(2 ** 20, 1));
          process.exit(3); }, 150);`,
     )};
     const codes = [];
     for (let round = 0; round < 5; round += 1) {
       const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
       codes.push(status + stderr);
     }
     console.log(codes.join(' '));`,
  );
  expect(outcome.stdout).toBe(`${Array.from({ length: 5 }, () => 3).join(' ')}\n`);
});

test('with an open inspector port the sentinel keeps away', () => {
  const outcome = runModule(
    `${PRELUDE} const sentinel = start(); setTimeout(() => { block(); say(sentinel.lookCount); process.exit(0); }, 400);`,
    ['--inspect=127.0.0.1:0'],
  );
  expect([endsAs(outcome), outcome.stdout]).toEqual([0, '0\n']);
});

test('beside a sentinel the heap may still grow at its limit', () => {
  const outcome = runModule(
    `${PRELUDE} checkNearLimit(); start(); let asked = 0;
     onNearLimit(({ canGrow, nextHeapLimitBytes }) => { asked += 1; return canGrow ? { growToBytes: nextHeapLimitBytes } : undefined; });
     setTimeout(() => { armNearLimit('test'); const list = []; for (let i = 0; i < 900_000; i += 1) list.push({ i, text: 'kept ' + i }); say(list.length); say(asked > 0); process.exit(0); }, 400);`,
    ['--max-old-space-size=40', '--max-semi-space-size=1'],
  );
  expect([endsAs(outcome), outcome.stdout]).toEqual([0, '900000\ntrue\n']);
});

test('a look that arms the hook lets the limit be met in the same loop, with its frames', () => {
  const outcome = runModule(
    `${PRELUDE} start(() => armNearLimit('look'));
     onNearLimit(({ frames }) => { say(frames.some(({ functionName }) => functionName === 'leak')); return { exit: 77 }; });
     const list = []; function leak() { for (let i = 0; ; i += 1) list.push({ i }); }
     setTimeout(leak, 400);`,
    ['--max-old-space-size=200', '--max-semi-space-size=1'],
  );
  expect([endsAs(outcome), outcome.stdout]).toEqual([77, 'true\n']);
});

test('where no thread may be started there is a sentence instead of a sentinel', () => {
  const isOld = process.versions.node.startsWith('20.');
  const outcome = runModule(`${PRELUDE} start();`, [
    isOld ? '--experimental-permission' : '--permission',
    '--allow-fs-read=*',
    '--no-warnings',
  ]);
  expect(endsAs(outcome)).toBe(0);
  expect(outcome.stdout).toMatch(/permission/i);
});
