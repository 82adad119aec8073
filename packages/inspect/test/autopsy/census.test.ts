import { expect, test } from 'vitest';
import type { CensusReport, FullCensus, FullCensusRefusal } from '../../src/index.ts';
import { inspectUrl, runNode } from '../child/run-node.ts';

/** Two censuses of a program, the second after `grow`. */
function censusesOf(program: string, grow: string): readonly CensusReport[] {
  const { status, stdout, stderr } = runNode([
    '--input-type=module',
    '--eval',
    `import { writeSync } from 'node:fs';
    import { keptCensuses, reportCensuses, takeCensus } from ${JSON.stringify(inspectUrl)};
    ${program}
    // A timer that is about to fire is how the walk comes here.
    setTimeout(() => touch(), 60_000);
    takeCensus({ reason: 'first' });
    ${grow}
    takeCensus({ reason: 'second' });
    writeSync(1, JSON.stringify(reportCensuses(keptCensuses()))); process.exit(0);`,
  ]);
  expect([status, stderr]).toEqual([0, '']);
  return JSON.parse(stdout) as CensusReport[];
}

test('classes, functions by their place, and containers are counted with their growth', () => {
  const [first, second] = censusesOf(
    `class Session { constructor(i) { this.id = i; this.cart = [{ i }, { i }]; } }
    const sessions = new Map(); const handlers = [];
    const open = (i) => sessions.set(i, new Session(i)); const watch = (i) => handlers.push(() => i);
    const touch = () => [sessions, handlers];
    for (let i = 0; i < 2_000; i += 1) { open(i); watch({ i }); }`,
    'for (let i = 2_000; i < 7_000; i += 1) open(i);',
  );
  expect(first?.classes).toContainEqual(
    expect.objectContaining({ kind: 'class', name: 'Session', count: 2_000 }),
  );
  expect(first?.classes).toContainEqual(
    expect.objectContaining({ kind: 'class', name: 'Object', count: 6_000 }),
  );
  expect(first?.classes.find(({ kind }) => kind === 'function')).toMatchObject({ count: 2_000, name: '' });
  expect(first?.classes.every(({ growthCount }) => growthCount === undefined)).toBe(true);
  expect(second?.classes).toContainEqual(
    expect.objectContaining({ name: 'Session', count: 7_000, growthCount: 5_000 }),
  );
  expect(second?.containers).toContainEqual(
    expect.objectContaining({ path: 'sessions', kind: 'Map', count: 7_000, growthCount: 5_000 }),
  );
  expect(second?.containers).toContainEqual(
    expect.objectContaining({ path: 'handlers', count: 2_000, growthCount: 0 }),
  );
});

test('a class that data has named is anonymous', () => {
  const [first] = censusesOf(
    `const Made = { ['hunter2 ' + process.pid]: class {} }['hunter2 ' + process.pid]; const made = [];
    class Odd { static name = 'hunter2 a('; }
    const touch = () => made;
    for (let i = 0; i < 250; i += 1) made.push(new Made(), new Odd());`,
    '',
  );
  expect(JSON.stringify(first)).not.toContain('hunter2');
  expect(first?.classes).toContainEqual(expect.objectContaining({ name: '(anonymous class)', count: 500 }));
});

test('a full census counts every object by class, and is refused where it does not fit', () => {
  const { status, stdout } = runNode([
    '--input-type=module',
    '--eval',
    `import { writeSync } from 'node:fs';
    import { takeFullCensus } from ${JSON.stringify(inspectUrl)};
    class Session { constructor(i) { this.id = i; } }
    const hidden = new WeakMap(); const key = {};
    hidden.set(key, Array.from({ length: 3_000 }, (_, i) => new Session(i)));
    const trap = new Proxy({}, { getPrototypeOf() { throw new Error('ran'); } });
    const watch = (i) => () => i; const handlers = Array.from({ length: 9_000 }, (_, i) => watch(i));
    const taken = takeFullCensus({ reason: 'test', headroomBytes: 1e9, maxPauseMs: 10_000 });
    const refused = takeFullCensus({ reason: 'test', headroomBytes: 10e6, besideHeapBytes: 2 ** 20, maxPauseMs: 1 });
    writeSync(1, JSON.stringify({ taken, refused, kept: [hidden.get(key).length, trap && handlers.length] })); process.exit(0);`,
  ]);
  expect(status).toBe(0);
  const { taken, refused } = JSON.parse(stdout) as { taken: FullCensus; refused: FullCensusRefusal };
  expect(taken.classes.find(({ name }) => name === 'Session')?.count).toBeGreaterThanOrEqual(3_000);
  expect(taken.classes.find(({ name }) => name === 'Session')?.count).toBeLessThanOrEqual(3_001);
  const byPlace = taken.classes.find(({ kind }) => kind === 'function');
  expect(byPlace?.count).toBeGreaterThan(8_000);
  expect(taken.objectCount).toBeGreaterThan(12_000);
  expect(refused.refusals).toHaveLength(3);
  expect(refused.refusals[0]).toMatch(/^A full census may need .* MiB; .* can be used\.$/);
  expect(refused.refusals[1]).toMatch(
    /^It may leave .* MiB resident; beside the full heap there is room for 1 MiB\.$/,
  );
  expect(refused.refusals[2]).toMatch(
    /^The service would stand still for about \d+ ms for it; 1 ms are allowed\.$/,
  );
});

test('the entry that makes V8 double the table of a Map of 65,536 adds the 1.75 MiB of the new table', () => {
  const [, second] = censusesOf(
    'const table = new Map(); for (let i = 0; i < 65_536; i += 1) table.set(i, 1); const touch = () => table;',
    'table.set(-1, 1);',
  );
  expect(second?.containers[0]).toMatchObject({ path: 'table', growthCount: 1, growthBytes: 1.75 * 2 ** 20 });
});
