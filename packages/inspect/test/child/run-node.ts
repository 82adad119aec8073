import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** What a child process left behind. */
export interface ChildOutcome {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The built package: children run what is published, on the Node that runs the tests. */
export const inspectUrl: string = pathToFileURL(join(import.meta.dirname, '../../dist/index.js')).href;

/** Runs `code` as an ES module in a real child process. */
export function runModule(
  code: string,
  flags: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
  cwd?: string,
): ChildOutcome {
  const child = spawnSync(process.execPath, [...flags, '--input-type=module', '-e', code], {
    encoding: 'utf8',
    timeout: 30_000,
    cwd,
    env: { ...process.env, NODE_OPTIONS: '', ...env },
  });
  return { status: child.status, signal: child.signal, stdout: child.stdout, stderr: child.stderr };
}
