// Run by bin/plimsoll: planner.js <pid of the shell> <NODE_OPTIONS of the user> run <words of `plimsoll run`>. Writes the answer to stdout.
import { fileURLToPath } from 'node:url';
import { reportFailures } from './failure.ts';
import { encodeAnswer, encodeHelp } from './run/answer.ts';
import { parseRunWords, type RunInvocation } from './run/invocation.ts';
import type { RunDecision } from './run/decide-run.ts';
import { readShellLosses } from './run/shell-losses.ts';

async function plan(): Promise<void> {
  const [shellPid = '', nodeOptions = '', , ...words] = process.argv.slice(2);
  const wordCount = words.length + 1;
  const invocation = parseRunWords(words);
  if (invocation.wantsHelp) {
    const mainPath = fileURLToPath(new URL('main.js', import.meta.url));
    process.stdout.write(encodeHelp(process.execPath, mainPath, wordCount), 'latin1');
    return;
  }
  // oxlint-disable-next-line node/no-process-env -- the configuration table is part of what PLIMSOLL=off must not need
  const passedOn = process.env;
  const decision = await decide(invocation, { ...passedOn, NODE_OPTIONS: nodeOptions });
  const losses = readShellLosses(Number(shellPid), passedOn);
  process.stdout.write(encodeAnswer(decision, wordCount, losses), 'latin1');
}

type Answered = Pick<RunDecision, 'program' | 'insertedArguments' | 'variables'>;

/** Under PLIMSOLL=off nothing of ours is loaded that could fail. */
async function decide(invocation: RunInvocation, environment: NodeJS.ProcessEnv): Promise<Answered> {
  if (environment['PLIMSOLL'] === 'off') return { ...invocation, insertedArguments: [] };
  const { decideRun } = await import('./run/decide-run.ts');
  const { writeRunNote } = await import('./run/run-note.ts');
  const decision = decideRun(invocation, environment);
  for (const note of decision.notes) writeRunNote(note, decision.log);
  return decision;
}

void reportFailures(plan);
