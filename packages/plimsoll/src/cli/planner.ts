// Run by bin/plimsoll: planner.js <pid of the shell> <NODE_OPTIONS of the user> run <words of `plimsoll run`>. Writes the answer to stdout.
import { writeSync } from 'node:fs';
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
    answer(encodeHelp(process.execPath, mainPath, wordCount));
    return;
  }
  // oxlint-disable-next-line node/no-process-env -- the configuration table is part of what PLIMSOLL=off must not need
  const passedOn = process.env;
  const decision = await decide(invocation, { ...passedOn, NODE_OPTIONS: nodeOptions });
  const losses = readShellLosses(Number(shellPid), passedOn);
  answer(encodeAnswer(decision, wordCount, losses));
}

/** Straight to the descriptor: the stream of `process.stdout` costs every start 3 ms, and a shell reads this through a pipe that blocks. */
function answer(text: string): void {
  let rest = Buffer.from(text, 'latin1');
  while (rest.length > 0) rest = rest.subarray(writeSync(1, rest));
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
