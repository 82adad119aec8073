import type { RunDecision } from './decide-run.ts';
import type { ShellLosses } from './shell-losses.ts';

/**
 * A decision as instructions for bin/plimsoll, one a line: `s <count>` drop words, `k` keep the first word aside, `b` bring it back, `w <word>` prepend a word,
 * `e <name>=<value>` set a variable, `u <name>` unset one, `+ <text>` a piece of the next text that ends in a newline, `end`. Words come last first, because a
 * shell can only prepend. In latin1, one character a byte, so that a value that is not UTF-8 arrives as it was.
 */
export function encodeAnswer(
  decision: Pick<RunDecision, 'program' | 'insertedArguments' | 'variables'>,
  wordCount: number,
  losses: ShellLosses,
): string {
  const { program, insertedArguments, variables } = decision;
  const lines = [`s ${wordCount - program.length}`];
  if (insertedArguments.length > 0) {
    lines.push('k');
    for (const word of insertedArguments.toReversed()) lines.push(...instruction('w', bytes(word)));
    lines.push('b');
  }
  const lost = losses.dropped.filter(([name]) => !(name in variables));
  for (const [name, value] of lost) lines.push(...instruction('w', `${name}=${value}`));
  if (lost.length > 0) lines.push('w --', 'w env');
  for (const name of losses.added) lines.push(`u ${name}`);
  for (const [name, value] of Object.entries(variables)) {
    lines.push(...instruction('e', bytes(`${name}=${value}`)));
  }
  return [...lines, 'end', ''].join('\n');
}

/** Makes the shell become `node <file> run --help`. */
export function encodeHelp(nodePath: string, mainPath: string, wordCount: number): string {
  const words = [nodePath, mainPath, 'run', '--help'].toReversed();
  const lines = words.flatMap((word) => instruction('w', bytes(word)));
  return [`s ${wordCount}`, ...lines, 'e NODE_OPTIONS=', 'end', ''].join('\n');
}

function bytes(text: string): string {
  return Buffer.from(text).toString('latin1');
}

function instruction(tag: string, text: string): string[] {
  const lines = text.split('\n');
  return lines.map((line, index) => `${index === lines.length - 1 ? tag : '+'} ${line}`);
}
