import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Autopsy } from '../../src/index.ts';
import { type ChildOutcome, inspectUrl, runNode } from '../child/run-node.ts';

/** Runs a service of some files; its last words are the autopsy at V8's limit, or what it prints. */
function serviceOf(
  files: Readonly<Record<string, string>>,
  flags: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
): ChildOutcome {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-autopsy-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const outcome = runNode([...flags, Object.keys(files)[0] as string], { cwd: folder, env });
  rmSync(folder, { recursive: true });
  return outcome;
}

const GUARD = `
  import { writeSync } from 'node:fs';
  import { armNearLimit, onNearLimit, performAutopsy, startAllocationSampling, takeCensus } from ${JSON.stringify(inspectUrl)};
  startAllocationSampling();
  onNearLimit(({ frames }) => { writeSync(1, JSON.stringify(performAutopsy({ frames }))); return { exit: 134 }; });
`;
const SMALL_HEAP = ['--max-old-space-size=60', '--max-semi-space-size=1'];

const autopsyOf = ({ stdout }: ChildOutcome): Autopsy => JSON.parse(stdout) as Autopsy;

test('at the limit a Map of a module that is not on the stack is named with its line, count and share', () => {
  const outcome = serviceOf(
    {
      'main.mjs': `${GUARD} import { keep } from './store.mjs';
        for (let i = 0; i < 50_000; i += 1) keep(i);
        takeCensus({ reason: 'test' }); armNearLimit('test');
        let last;
        for (let i = 50_000; ; i += 1) { keep(i); last = { i }; }`,
      'store.mjs': `// The store.\nconst entries = new Map();\nexport function keep(i) {\n  entries.set(i, { id: i, name: 'entry ' + i });\n}\n`,
    },
    SMALL_HEAP,
  );
  expect(outcome.signal).toBe('SIGABRT');
  const { findings, sentence, comparedWithMs } = autopsyOf(outcome);
  expect(findings[0]).toMatchObject({
    kind: 'container',
    name: 'entries',
    path: 'entries',
    file: 'store.mjs',
    line: 2,
    column: 7,
    containerKind: 'Map',
    source: 'module',
  });
  expect(findings[0]?.count).toBeGreaterThan(100_000);
  expect(findings[0]?.confidence).toBeGreaterThan(0.7);
  expect(comparedWithMs).toBeGreaterThan(0);
  expect(sentence).toMatch(
    /^Map `entries` \(store\.mjs:2\) holds [\d,]+ entries, about \d.* MiB of the \d.* MiB heap; allocated in `.+` \(\w+\.mjs:\d+\)\.$/,
  );
});

test('a dictionary that only a timer can see is named while that timer runs', () => {
  const outcome = serviceOf(
    {
      'main.mjs': `${GUARD} import './leak.mjs'; setTimeout(() => { takeCensus({ reason: 'test' }); armNearLimit('test'); }, 100);`,
      'leak.mjs': `let n = 0;\nconst byUser = {};\nsetInterval(() => { for (let i = 0; i < 500; i += 1) byUser['user-' + n] = { id: (n += 1) }; }, 1);\n`,
    },
    SMALL_HEAP,
  );
  expect(outcome.signal).toBe('SIGABRT');
  expect(autopsyOf(outcome).findings[0]).toMatchObject({ path: 'byUser', file: 'leak.mjs', line: 2 });
});

test('what the store of an AsyncLocalStorage holds is named by the property, not by the timer that runs in it', () => {
  const outcome = serviceOf(
    {
      'main.mjs': `${GUARD} import './leak.mjs'; setTimeout(() => { takeCensus({ reason: 'test' }); armNearLimit('test'); }, 100);`,
      'leak.mjs': `import { AsyncLocalStorage } from 'node:async_hooks';\nlet n = 0;\nconst storage = new AsyncLocalStorage();\nstorage.run({ trace: [] }, () => setInterval(() => { for (let i = 0; i < 500; i += 1) storage.getStore().trace.push({ id: (n += 1) }); }, 1));\n`,
    },
    SMALL_HEAP,
  );
  const [finding] = autopsyOf(outcome).findings;
  expect(finding).toMatchObject({ name: 'trace', file: 'leak.mjs', line: 4 });
  expect(finding?.path).toMatch(/AsyncLocalStorage store\.trace$/);
});

test('what grew is named, not what is largest', () => {
  const outcome = serviceOf({
    'main.mjs': `${GUARD} import { read } from './cache.mjs';
      const leaked = [];
      takeCensus({ reason: 'full' });
      for (let i = 0; i < 60_000; i += 1) leaked.push({ i, text: 'leaked ' + i });
      writeSync(1, JSON.stringify(performAutopsy())); process.exit(read(0).i + leaked.length - 60_000);
      export function size() { return leaked.length; }`,
    'cache.mjs': `const cache = new Map();\nfor (let i = 0; i < 150_000; i += 1) cache.set(i, { i, text: 'cached ' + i });\nexport const read = (i) => cache.get(i);\n`,
  });
  const { findings } = autopsyOf(outcome);
  expect(findings[0]).toMatchObject({ name: 'leaked', file: 'main.mjs', kind: 'container' });
  const cache = findings.find(({ name }) => name === 'cache');
  expect(cache?.bytes).toBeGreaterThan(findings[0]?.bytes ?? 0);
});

test('what a census that was cut short has not listed is not taken for what has grown since', () => {
  const outcome = serviceOf({
    'main.mjs': `${GUARD} import { read } from './cache.mjs';
      takeCensus({ reason: 'cut short', maxWalkMs: 0 });
      const leaked = Array.from({ length: 3 }, () => []);
      for (let i = 0; i < 60_000; i += 1) leaked[i % 3].push({ i, text: 'leaked ' + i });
      writeSync(1, JSON.stringify(performAutopsy())); process.exit(read(0).i + leaked.length - 3);`,
    'cache.mjs': `const cache = new Map();\nfor (let i = 0; i < 70_000; i += 1) cache.set(i, { i, text: 'cached ' + i });\nexport const read = (i) => cache.get(i);\n`,
  });
  const { findings } = autopsyOf(outcome);
  expect(findings[0]?.name).not.toBe('cache');
  expect(findings.map(({ name }) => name)).toContain('cache');
});

test('sessions of a cart each are a leak of sessions; tenants that stay the same, of their handlers', () => {
  const outcome = serviceOf({
    'main.mjs': `${GUARD}
      const sessions = new Map(); const tenants = new Map(Array.from({ length: 40 }, (_, i) => [i, { handlers: [] }]));
      for (let i = 0; i < 500; i += 1) sessions.set(i, { cart: Array.from({ length: 120 }, (_, j) => ({ j })) });
      takeCensus({ reason: 'test' });
      for (let i = 500; i < 6000; i += 1) sessions.set(i, { cart: Array.from({ length: 120 }, (_, j) => ({ j })) });
      const first = performAutopsy().findings[0].path;
      takeCensus({ reason: 'test' });
      for (let i = 0; i < 800_000; i += 1) tenants.get(i % 40).handlers.push({ i });
      writeSync(1, JSON.stringify([first, performAutopsy().findings[0].path])); process.exit(0);
      export function touch() { return [sessions, tenants]; }`,
  });
  expect(outcome.stdout).toBe(JSON.stringify(['sessions', 'tenants[<key 1 of 40>].handlers']));
});

test('what no container explains is an allocation site and container unknown, not the largest innocent Map', () => {
  const outcome = serviceOf({
    'main.mjs': `${GUARD} import { read } from './cache.mjs';
      takeCensus({ reason: 'full' });
      // Reachable for V8 alone: the state of generators that nobody holds by a name.
      function* hide() { const state = Array.from({ length: 60_000 }, (_, i) => ({ i, text: 'hidden ' + i })); yield; yield state.length; }
      const hidden = new WeakMap(); const key = {}; const generator = hide(); generator.next(); hidden.set(key, generator);
      writeSync(1, JSON.stringify(performAutopsy())); process.exit(read(0).i + (hidden.get(key) === generator ? 0 : 1));`,
    'cache.mjs': `const cache = new Map();\nfor (let i = 0; i < 50_000; i += 1) cache.set(i, { i, text: 'cached ' + i });\nexport const read = (i) => cache.get(i);\n`,
  });
  expect(outcome.status).toBe(0);
  const { findings, sentence } = autopsyOf(outcome);
  expect(findings[0]).toMatchObject({
    kind: 'allocation-site',
    name: 'unknown',
    file: 'main.mjs',
    source: 'profile',
  });
  expect(sentence).toMatch(/container: unknown.*main\.mjs/);
});

test('a service with secrets in keys, values, environment and arguments shows none of them', () => {
  const outcome = serviceOf(
    {
      'main.mjs': `${GUARD}
        const byEmail = {}; const few = {}; const tenants = new Map();
        globalThis[process.env.SECRET_GLOBAL] = Array.from({ length: 5000 }, (_, i) => ({ i }));
        const secret = process.env.SECRET_KEY;
        for (let i = 0; i < 60; i += 1) byEmail[secret + i + '@example.com'] = { orders: [] };
        few[secret] = { list: [] }; tenants.set(secret, { rows: [] });
        takeCensus({ reason: 'test' });
        for (let i = 0; i < 60_000; i += 1) { byEmail[secret + (i % 60) + '@example.com'].orders.push({ i, note: secret + i }); few[secret].list.push({ i }); tenants.get(secret).rows.push({ i }); }
        writeSync(1, JSON.stringify(performAutopsy())); process.exit(0);
        export function touch() { return [byEmail, few, tenants]; }`,
    },
    [],
    { SECRET_KEY: 'hunter2', SECRET_GLOBAL: 'correcthorse' },
  );
  expect(outcome.status).toBe(0);
  expect(outcome.stdout).not.toMatch(/hunter2|correcthorse|example\.com/);
  const paths = autopsyOf(outcome).findings.map(({ path }) => path);
  expect(paths).toContain('byEmail[<key 1 of 60>].orders');
  expect(paths).toContain('few[<key 1 of 1>].list');
  expect(paths).toContain('tenants[<key 1 of 1>].rows');
});

test('what a module has imported is named in the module that exports it, and what stands behind a proxy by its property', () => {
  const outcome = serviceOf({
    'main.mjs': `${GUARD} import { enqueue } from './producer.mjs'; import { add } from './state.mjs';
      const said = [];
      const say = () => { const [{ path, file, line }] = performAutopsy().findings; said.push([path, file, line]); };
      takeCensus({ reason: 'test' });
      for (let i = 0; i < 60_000; i += 1) enqueue({ i, text: 'job ' + i });
      say();
      takeCensus({ reason: 'test' });
      for (let i = 0; i < 120_000; i += 1) add({ i, text: 'row ' + i });
      say();
      writeSync(1, JSON.stringify(said)); process.exit(0);`,
    'producer.mjs': `import { queue } from './queue.mjs';\nexport const enqueue = (job) => queue.jobs.push(job);\n`,
    'queue.mjs': `export const queue = { jobs: [] };\n`,
    'state.mjs': `const state = new Proxy({ rows: [] }, { get: (target, key) => target[key] });\nexport const add = (row) => state.rows.push(row);\n`,
  });
  expect(JSON.parse(outcome.stdout)).toEqual([
    ['queue.jobs', 'queue.mjs', 1],
    ['state.rows', 'state.mjs', 1],
  ]);
});

test('getters, proxies and iterators of the service are never run', () => {
  const outcome = serviceOf({
    'main.mjs': `${GUARD}
      let touched = 0;
      const trap = new Proxy({}, { ownKeys() { touched += 1; return []; }, get() { touched += 1; }, getOwnPropertyDescriptor() { touched += 1; } });
      class Odd extends Map { get size() { touched += 1; return 0; } *[Symbol.iterator]() { touched += 1; } entries() { touched += 1; return []; } }
      const held = { trap, odd: new Odd([[1, { a: 1 }]]), odds: Array.from({ length: 200 }, () => new Odd([[1, { a: 1 }]])), get lazy() { touched += 1; return {}; } };
      takeCensus({ reason: 'test' }); performAutopsy();
      writeSync(1, String(touched)); process.exit(0);
      export function touch() { return held; }`,
  });
  expect([outcome.status, outcome.stdout]).toEqual([0, '0']);
});

test('nothing of the autopsy stays on the global object', () => {
  const outcome = serviceOf({
    'main.mjs': `${GUARD} performAutopsy(); writeSync(1, String(Symbol.for('plimsoll.bridge') in globalThis)); process.exit(0);`,
  });
  expect(outcome.stdout).toBe('false');
});

test('a Map whose entries hold lists of 40 is sized with all 40, and named', () => {
  const outcome = serviceOf(
    {
      'main.mjs': `${GUARD} import { open } from './store.mjs';
        for (let i = 0; i < 3_000; i += 1) open(i);
        takeCensus({ reason: 'test' }); armNearLimit('test');
        for (let i = 3_000; ; i += 1) open(i);`,
      'store.mjs': `const sessions = new Map();\nexport function open(i) {\n  const cart = [];\n  for (let slot = 0; slot < 40; slot += 1) cart.push({ slot, note: 'slot ' + slot });\n  sessions.set(i, { cart });\n}\n`,
    },
    SMALL_HEAP,
  );
  const [finding] = autopsyOf(outcome).findings;
  expect(finding).toMatchObject({ name: 'sessions', path: 'sessions', line: 1 });
  expect(finding?.confidence).toBeGreaterThan(0.5);
});
