import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { lazyCommonJs } from '../src/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-commonjs-'));
const own = pathToFileURL(join(import.meta.dirname, '../dist/index.js')).href;

/** About 6 MB of source, all of it compiled: 20,000 functions that differ. */
const functions = Array.from(
  { length: 20_000 },
  (_, n) =>
    `exports.f${n} = function f${n}(a) { const b = a + ${n}; let text = 'a text of its own ${n}'; for (const c of [b, ${n}]) { text += String(c * ${n + 1}) + ${JSON.stringify('x'.repeat(100))}; } return text.length; };`,
);

const program = (unload: string): string => `
  import { createRequire } from 'node:module';
  import { getHeapStatistics } from 'node:v8';
  import { lazyCommonJs } from ${JSON.stringify(own)};
  const require = createRequire(import.meta.url);
  const heap = () => { gc(); gc(); return getHeapStatistics().used_heap_size; };
  const use = (module) => { let sum = 0; for (const f of Object.values(module)) sum += f(1); return sum; };
  const turn = () => new Promise((resolve) => setTimeout(resolve, 20));
  const before = heap();
  let loaded;
  ${unload}
  await turn();
  const after = heap();
  console.log(JSON.stringify({ loadedBytes: loaded - before, keptBytes: after - before }));`;

function run(name: string, unload: string): { loadedBytes: number; keptBytes: number } {
  const file = join(folder, `${name}.mjs`);
  writeFileSync(file, program(unload));
  return JSON.parse(execFileSync(process.execPath, ['--expose-gc', file], { encoding: 'utf8' }));
}

beforeAll(() => {
  writeFileSync(join(folder, 'part.cjs'), functions.slice(0, 5_000).join('\n'));
  writeFileSync(
    join(folder, 'heavy.cjs'),
    `Object.assign(exports, require('./part.cjs'));\n${functions.slice(5_000).join('\n')}`,
  );
  writeFileSync(
    join(folder, 'counted.cjs'),
    'globalThis.loads = (globalThis.loads ?? 0) + 1; exports.loads = globalThis.loads;',
  );
  writeFileSync(join(folder, 'failing.cjs'), "require('./counted.cjs'); throw new Error('not yet');");
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('unloading a module of 20,000 functions gives back at least 95 % of its heap', () => {
  const { loadedBytes, keptBytes } = run(
    'ours',
    `const heavy = lazyCommonJs('./heavy.cjs', { from: import.meta.url });
     await heavy.use(use); loaded = heap(); heavy.unload();`,
  );
  expect(loadedBytes).toBeGreaterThan(8_000_000);
  expect(keptBytes / loadedBytes).toBeLessThan(0.05);
}, 30_000);

test('five loads and unloads keep no more than one', () => {
  const { loadedBytes, keptBytes } = run(
    'again',
    `const heavy = lazyCommonJs('./heavy.cjs', { from: import.meta.url });
     for (let turn = 0; turn < 5; turn += 1) { await heavy.use(use); loaded = heap(); heavy.unload(); }`,
  );
  expect(keptBytes / loadedBytes).toBeLessThan(0.05);
}, 30_000);

test('after unloading the module is evaluated anew, and what was loaded before it stays', async () => {
  const counted = lazyCommonJs<{ loads: number }>('./counted.cjs', { from: join(folder, 'main.cjs') });
  expect(await counted.use(({ loads }) => loads)).toBe(1);
  expect(counted.useSync(({ loads }) => loads)).toBe(1);
  counted.unload();
  expect(await counted.use(({ loads }) => loads)).toBe(2);
});

test('a module that throws leaves nothing in require.cache and is tried again', async () => {
  const failing = lazyCommonJs('./failing.cjs', { from: join(folder, 'main.cjs') });
  await expect(failing.use(() => {})).rejects.toMatchObject({
    code: 'ERR_PLIMSOLL_FACTORY',
    cause: { message: 'not yet' },
  });
  await expect(failing.use(() => {})).rejects.toThrow('"./failing.cjs" did not load: not yet');
});
