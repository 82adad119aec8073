import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isPlimsollError } from '@plimsoll/memory';
import { expect, expectTypeOf, test } from 'vitest';
import { lazy } from '../src/index.ts';

test('a module loads once, at its first use, with its own types', async () => {
  let count = 0;
  const path = lazy(() => {
    count += 1;
    return import('node:path');
  });
  expect([path.loaded, count]).toEqual([false, 0]);
  const module = await path.load();
  expectTypeOf<(typeof module)['join']>().toEqualTypeOf<typeof join>();
  await path.load();
  expect([path.loaded, count]).toEqual([true, 1]);
});

test('what is loaded is read without a promise, what is not says where it was declared', async () => {
  const path = lazy(() => import('node:path'), { name: 'path' });
  expect(() => path.value).toThrow(/"path" is read before it was loaded.*declared at .*lazy\.test\.ts:\d+/);
  const [first, second] = await Promise.all([path.load(), path.load()]);
  expect(first).toBe(second);
  expect(path.value.join('a', 'b')).toBe('a/b');
  expect(path.loaded).toBe(true);
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
  ['never settles', () => new Promise(() => {}), 'did not settle within 20 ms'],
])(
  'a loader that %s names declaration and first use, and the next call tries again',
  async (_, load, text) => {
    let good = false;
    const module = lazy<unknown>(() => (good ? 'module' : load()), { name: 'sharp', timeoutMs: 20 });
    const error: unknown = await module.load().catch((reason: unknown) => reason);
    expect(isPlimsollError(error, 'ERR_PLIMSOLL_FACTORY')).toBe(true);
    expect(String(error)).toContain(text);
    expect(String(error)).toMatch(
      /"sharp" did not load: .* Declared at .*lazy\.test\.ts:\d+:\d+, first used at .*lazy\.test\.ts:\d+:\d+/,
    );
    good = true;
    expect(await module.load()).toBe('module');
  },
);

const canEvaluateAgain = 'registerHooks' in nodeModule;
const skipped = canEvaluateAgain ? '' : ` [SKIPPED: Node.js ${process.version} has no module.registerHooks]`;

test.skipIf(!canEvaluateAgain)(
  `an ES module two levels down that failed is evaluated anew, what evaluated well is not${skipped}`,
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'plimsoll-lazy-'));
    try {
      const own = pathToFileURL(join(import.meta.dirname, '../dist/index.js')).href;
      const count = (name: string) =>
        `globalThis.runs ??= {}; globalThis.runs.${name} = (globalThis.runs.${name} ?? 0) + 1;`;
      const files = {
        'good.mjs': `${count('good')} export const good = 1;`,
        'dep.mjs': `import './good.mjs'; ${count('dep')} if (globalThis.down) throw new Error('down'); export const dep = 1;`,
        'middle.mjs': `import { dep } from './dep.mjs'; ${count('middle')} export const middle = dep;`,
        'root.mjs': `import './good.mjs'; import { middle } from './middle.mjs'; ${count('root')} export const root = middle;`,
        'main.mjs': `
          import { lazy } from ${JSON.stringify(own)};
          const root = lazy(() => import('./root.mjs'));
          globalThis.down = true;
          const failures = [];
          for (let attempt = 0; attempt < 3; attempt += 1) await root.load().catch((error) => failures.push(error.cause.message));
          globalThis.down = false;
          const module = await root.load();
          console.log(JSON.stringify({ failures, root: module.root, runs: globalThis.runs }));`,
      };
      for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
      const printed = execFileSync(process.execPath, [join(folder, 'main.mjs')], { encoding: 'utf8' });
      expect(JSON.parse(printed)).toEqual({
        failures: ['down', 'down', 'down'],
        root: 1,
        runs: { good: 1, dep: 4, middle: 1, root: 1 },
      });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);

test('warmUp loads when the event loop is idle', async () => {
  const path = lazy(() => import('node:path'));
  path.warmUp();
  await expect.poll(() => path.loaded).toBe(true);
});
