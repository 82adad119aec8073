import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ModuleCostReport } from '@plimsoll/lazy';
import { CommandFailure } from '../failure.ts';
import { userEnvironment } from '../user-environment.ts';

/** A service that does not end by SIGTERM ends by SIGKILL. */
const TERM_GRACE_MS = 10_000;

/** Runs `command` (`node …`) for `forMs`, or until it ends, and answers what its packages cost. Its output goes to stderr: stdout is the report's. */
export async function measureModules(command: readonly string[], forMs: number): Promise<ModuleCostReport> {
  const [program = '', ...words] = command;
  if (!/^node(\.exe)?$/.test(basename(program))) {
    throw new CommandFailure(
      `"${program}" is not node; expected a command of the form: plimsoll modules -- node server.js`,
    );
  }
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-modules-'));
  try {
    const outFile = join(folder, 'modules.json');
    const preload = new URL(import.meta.resolve('@plimsoll/lazy/cost-preload'));
    preload.searchParams.set('out', pathToFileURL(outFile).href);
    preload.searchParams.set('forMs', String(forMs));
    await runFor(program, ['--import', preload.href, ...words], forMs);
    if (!existsSync(outFile)) throw new CommandFailure('the service ended before anything was measured');
    return JSON.parse(readFileSync(outFile, 'utf8')) as ModuleCostReport;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function runFor(program: string, words: readonly string[], forMs: number): Promise<void> {
  // Unguarded, even where the service asks for the guard: what is measured is the service, and the measurement has an inspector session of its own.
  const env = { ...userEnvironment(), PLIMSOLL: 'off' };
  const child = spawn(program, words, { stdio: ['inherit', 2, 2], env });
  // Ctrl-C reaches the child by itself; this process stays for the report.
  const stay = (): void => {};
  process.on('SIGINT', stay);
  let killing: NodeJS.Timeout | undefined;
  const ending = setTimeout(() => {
    child.kill('SIGTERM');
    killing = setTimeout(() => child.kill('SIGKILL'), TERM_GRACE_MS);
  }, forMs);
  try {
    await once(child, 'exit');
  } catch (error) {
    throw new CommandFailure(`"${program}" could not be started: ${(error as Error).message}`);
  } finally {
    clearTimeout(ending);
    clearTimeout(killing);
    process.off('SIGINT', stay);
  }
}
