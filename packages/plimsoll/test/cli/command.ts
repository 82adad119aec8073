import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

/** The command as a package manager would link it. */
export const plimsoll: string = join(import.meta.dirname, '..', '..', 'bin', 'plimsoll');

/** The command for systems without a shell. */
export const mainFile: string = join(import.meta.dirname, '..', '..', 'dist', 'cli', 'main.js');

/** How a command ended. */
export interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

/** What the guards of the services under test write goes here, and goes away with the test file. */
const temporaryFolder = mkdtempSync(join(tmpdir(), 'plimsoll-command-'));
// The runner ends its processes without an exit event: only its own hooks run for certain.
afterAll(() => rmSync(temporaryFolder, { recursive: true, force: true, maxRetries: 5 }));

/** The environment of a test: this one without what the test runner and its caller put into it, and a guard that writes no line where none is asked for. */
export function cleanEnvironment(variables: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const { PATH, HOME } = process.env;
  return { PATH, HOME, TMPDIR: temporaryFolder, PLIMSOLL_LOG: 'off', PLIMSOLL_PPROF: 'off', ...variables };
}

/** Runs `words[0]` with the rest to its end. */
export function runToEnd(
  words: readonly string[],
  options: { readonly env?: NodeJS.ProcessEnv; readonly cwd?: string; readonly input?: string } = {},
): Outcome {
  const [file = '', ...rest] = words;
  const result = spawnSync(file, rest, {
    encoding: 'utf8',
    env: cleanEnvironment(options.env),
    input: options.input ?? '',
    timeout: 60_000,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  if (result.error !== undefined) throw result.error;
  return { code: result.status, signal: result.signal, out: result.stdout, err: result.stderr };
}
