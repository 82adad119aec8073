import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const folder = join(import.meta.dirname, '..');

/** The first example of the README without its types: Node 20 runs no TypeScript. */
function example(): string {
  const readme = readFileSync(join(folder, 'README.md'), 'utf8');
  const code = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
  return code.replace('<string, { name: string }>', '').replace('(id: string)', '(id)');
}

it('prints what the README says it prints, imported as a package', () => {
  const code = example();
  const expected = /^\/\/ (.*)$/m.exec(code)?.[1];
  // In the package's folder, so that its name resolves as it does for a user.
  const own = mkdtempSync(join(folder, 'dist', 'readme-'));
  try {
    const file = join(own, 'example.mjs');
    writeFileSync(file, code);
    const printed = execFileSync(process.execPath, [file], { encoding: 'utf8' });
    expect(printed.trim()).toBe(expected);
  } finally {
    rmSync(own, { recursive: true });
  }
});
