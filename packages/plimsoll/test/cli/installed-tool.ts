import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'vitest';

const cache = join(import.meta.dirname, '..', '..', '..', '..', 'node_modules', '.cache', 'tools');

/** A file of a package from the registry, which is fetched once and kept out of everybody's install. */
export interface InstalledTool {
  readonly path: string;
  /** `test`, or a test that is skipped with its reason in the title where the package cannot be had. */
  readonly test: (title: string, run: () => void | Promise<void>) => void;
}

/** The `file` of `name@version`. */
export function installedTool(name: string, version: string, file: string): InstalledTool {
  const folder = join(cache, `${name.replace('/', '+')}@${version}`);
  const path = join(folder, 'node_modules', name, file);
  if (existsSync(path)) return { path, test };
  mkdirSync(folder, { recursive: true });
  // Without one npm installs into the nearest package above.
  writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  const words = [
    'install',
    '--no-save',
    '--no-audit',
    '--no-fund',
    '--ignore-scripts',
    '--loglevel=error',
    `${name}@${version}`,
  ];
  const { status, error, stderr } = spawnSync('npm', words, {
    cwd: folder,
    encoding: 'utf8',
    timeout: 120_000,
  });
  if (status === 0 && existsSync(path)) return { path, test };
  const reason = error?.message ?? stderr.trim().split('\n')[0];
  process.stderr.write(`SKIPPED 1 test: ${name}@${version} cannot be installed: ${reason}\n`);
  return { path, test: (title, run) => test.skip(`${title} [SKIPPED: ${name}: ${reason}]`, run) };
}
