#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { CommandFailure, reportFailures } from './failure.ts';
import { decideRun } from './run/decide-run.ts';
import { execute } from './run/execute.ts';
import { parseRunWords, type RunInvocation } from './run/invocation.ts';
import { userEnvironment } from './user-environment.ts';

async function main(): Promise<void> {
  const [command, ...words] = process.argv.slice(2);
  const invocation = command === 'run' ? parseRunWords(words) : undefined;
  if (invocation !== undefined && !invocation.wantsHelp) {
    start(invocation);
    return;
  }
  const { createProgram, runProgram } = await import('./program.ts');
  const all = process.argv.slice(2);
  await runProgram(createProgram(readVersion()), all.length === 0 ? ['--help'] : all);
}

function start(invocation: RunInvocation): void {
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
