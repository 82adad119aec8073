/**
 * V8 pauses at its limit at the first stack check after the collection that found no room. At the entry of a function whose variables a closure keeps, it failed a check of its own there and
 * ended the process by SIGTRAP, without last words.
 */
import { expect, test } from 'vitest';
import { inspectUrl, runModule } from '../child/run-node.ts';

/** Inlined, the function has no entry of its own. */
const FLAGS = ['--max-old-space-size=40', '--max-semi-space-size=1', '--max-inlined-bytecode-size=0'];

const PROGRAM = `
  import { writeSync } from 'node:fs';
  import { armNearLimit, onNearLimit, runBesideNearLimit } from ${JSON.stringify(inspectUrl)};
  const kept = [];
  const close = new Function('value', 'const own = value; return () => own');
  const work = () => {
    for (let i = 0; i < 5_000; i += 1) kept.push({ a: i, b: [i, i, i, i] }, close({ c: { d: [i] } }));
    return kept.length;
  };
`;

test('a limit that is met inside the guard’s own work is decided after it, and the death is SIGABRT, four times of four', () => {
  const outcomes = [1, 2, 3, 4].map(() => {
    const { signal, stdout } = runModule(
      `${PROGRAM}
       onNearLimit(({ frames }) => { writeSync(1, String(frames.length)); return { exit: 134 }; });
       armNearLimit('test');
       setInterval(() => runBesideNearLimit(work), 1);`,
      FLAGS,
    );
    return [signal, stdout];
  });
  expect(outcomes).toEqual(Array.from({ length: 4 }, () => ['SIGABRT', '0']));
});

test('work beside the hook gives its result and its errors, armed or not, and leaves nothing behind on the global object', () => {
  const { stdout } = runModule(
    `${PROGRAM}
     const facts = () => {
       let thrown = 'nothing';
       try { runBesideNearLimit(() => { throw new RangeError('mine'); }); } catch (error) { thrown = error.message; }
       return [runBesideNearLimit(() => runBesideNearLimit(() => 7)), thrown, Symbol.for('plimsoll.unpaused') in globalThis];
     };
     const before = facts();
     const { armed } = armNearLimit('test');
     const during = facts();
     Object.preventExtensions(globalThis);
     writeSync(1, JSON.stringify([before, armed, during, facts()]));
     process.exit();`,
  );
  const seen = [7, 'mine', false];
  expect(JSON.parse(stdout)).toEqual([seen, true, seen, seen]);
});
