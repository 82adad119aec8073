// Run by bin/plimsoll: planner.js <pid of the shell> <NODE_OPTIONS of the user> run <words of `plimsoll run`>. Writes the answer to stdout.
import { fileURLToPath } from 'node:url';
import { processEnvironment } from '@plimsoll/memory';
import { reportFailures } from './failure.ts';
import { encodeAnswer, encodeHelp } from './run/answer.ts';
import { decideRun } from './run/decide-run.ts';
import { parseRunWords } from './run/invocation.ts';
import { writeRunNote } from './run/run-note.ts';
import { readShellLosses } from './run/shell-losses.ts';

function plan(): void {
  const [shellPid = '', nodeOptions = '', , ...words] = process.argv.slice(2);
  const invocation = parseRunWords(words);
  if (invocation.wantsHelp) {
    process.stdout.write(
      encodeHelp(process.execPath, fileURLToPath(new URL('main.js', import.meta.url)), words.length + 1),
      'latin1',
    );
    return;
  }
  const passedOn = processEnvironment();
  const decision = decideRun(invocation, { ...passedOn, NODE_OPTIONS: nodeOptions });
  for (const note of decision.notes) writeRunNote(note, decision.log);
  process.stdout.write(
    encodeAnswer(decision, words.length + 1, readShellLosses(Number(shellPid), passedOn)),
    'latin1',
  );
}

void reportFailures(plan);
