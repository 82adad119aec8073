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

/** How {@link runNode} starts its child. */
export interface ChildOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly timeoutMs?: number;
}

/** Runs Node with `words` in a real child process. */
export function runNode(words: readonly string[], options: ChildOptions = {}): ChildOutcome {
  const child = spawnSync(process.execPath, words, {
    encoding: 'utf8',
    timeout: options.timeoutMs ?? 30_000,
    cwd: options.cwd,
    env: { ...process.env, NODE_OPTIONS: '', ...options.env },
  });
  return { status: child.status, signal: child.signal, stdout: child.stdout, stderr: child.stderr };
}

/** Runs `code` as an ES module in a real child process. */
export function runModule(
  code: string,
  flags: readonly string[] = [],
  options: ChildOptions = {},
): ChildOutcome {
  return runNode([...flags, '--input-type=module', '-e', code], options);
}
