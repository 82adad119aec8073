#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { isControlCommand } from './control/command-specs.ts';
import { CommandFailure, reportFailures } from './failure.ts';
import { parseRunWords, type RunInvocation } from './run/invocation.ts';

async function main(): Promise<void> {
  const [command, ...words] = process.argv.slice(2);
  const invocation = command === 'run' ? parseRunWords(words) : undefined;
  if (invocation !== undefined && !invocation.wantsHelp) {
    await start(invocation);
    return;
  }
  if (isControlCommand(command) && !words.some((word) => word === '--help' || word === '-h')) {
    // Inside a full container every megabyte counts: these commands load nothing else of ours and no library.
    const { runControlCommand } = await import('./control/run-control-command.ts');
    await runControlCommand(command, words);
    return;
  }
  const { createProgram, runProgram } = await import('./program.ts');
  const all = process.argv.slice(2);
  await runProgram(createProgram(readVersion()), all.length === 0 ? ['--help'] : all);
}

async function start(invocation: RunInvocation): Promise<void> {
  const { decideRun } = await import('./run/decide-run.ts');
  const { execute } = await import('./run/execute.ts');
  const { userEnvironment } = await import('./user-environment.ts');
  const environment = userEnvironment();
  execute(decideRun(invocation, environment), environment);
}

function readVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  const { version } = manifest as { version?: unknown };
  if (typeof version !== 'string') throw new CommandFailure('package.json has no version');
  return version;
}

void reportFailures(main);
