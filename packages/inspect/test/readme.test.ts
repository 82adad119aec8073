import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { inspectUrl, runNode } from './child/run-node.ts';

const readme = readFileSync(join(import.meta.dirname, '..', 'README.md'), 'utf8');
const examples = Array.from(readme.matchAll(/```js\n(.*?)```/gs), ([, code]) =>
  (code ?? '').replaceAll("'@plimsoll/inspect'", JSON.stringify(inspectUrl)),
);

function run(code: string, flags: readonly string[] = []): ReturnType<typeof runNode> {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-readme-'));
  writeFileSync(join(folder, 'service.mjs'), code);
  const outcome = runNode([...flags, 'service.mjs'], { cwd: folder });
  rmSync(folder, { recursive: true });
  return outcome;
}

test('the first example prints what its comments say', () => {
  const code = examples[0] ?? '';
  const comments = Array.from(code.matchAll(/console\.log\(.*?\/\/ (.*)$/gm), ([, comment]) => comment);
  const { stdout, stderr } = run(code);
  expect([
    stdout
      .replace(/:\d+ keeps \d+ %/, ':1 keeps 100 %')
      .trim()
      .split('\n'),
    stderr,
  ]).toEqual([comments, '']);
});

test('the second example says its sentence at the limit and ends by SIGABRT', () => {
  const leak = `const sessions = new Map(); export function size() { return sessions.size; }
    for (let i = 0; ; i += 1) sessions.set(i, { i, name: 'session ' + i });`;
  const { signal, stderr } = run(`${examples[1] ?? ''}\n${leak}`, ['--max-old-space-size=40']);
  expect(signal).toBe('SIGABRT');
  expect(stderr).toMatch(/^Map `sessions` \(service\.mjs:\d+\) holds [\d,]+ entries, about/);
});
