import { createInterface } from 'node:readline';
import { ControlFailure } from './client.ts';

/**
 * Asks a person on the terminal; anything but y or yes ends the command.
 * @throws ControlFailure with exit code 2 where nobody can be asked and `--yes` was not given.
 */
export async function requireConsent(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) {
    throw new ControlFailure('nobody can be asked here; --yes does it without asking', 2);
  }
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await new Promise<string>((resolve) => {
      lines.question(`${question} [y/N] `, resolve);
      lines.on('close', () => resolve(''));
    });
    return /^y(?:es)?$/i.test(answer.trim());
  } finally {
    lines.close();
  }
}
