import { guardFolders } from './client.ts';
import { parseControlWords } from './command-line.ts';
import type { ControlCommandName } from './command-specs.ts';

/**
 * Runs a command that speaks to running processes. Each is loaded by itself, and none loads a package.
 * @throws ControlFailure for what the user can mend.
 */
export async function runControlCommand(command: ControlCommandName, all: readonly string[]): Promise<void> {
  const words = parseControlWords(command, all);
  // oxlint-disable-next-line node/no-process-env -- the configuration table is a package, and these commands load none
  const folders = guardFolders(process.env);
  switch (command) {
    case 'top':
      return (await import('./top.ts')).top(folders.runDir, words);
    case 'explain':
      return (await import('./explain.ts')).explain(folders, words);
    case 'census':
      return (await import('./census.ts')).census(folders.runDir, words);
    case 'capture':
      return (await import('./capture.ts')).capture(folders.runDir, words);
    case 'drill':
      return (await import('./drill.ts')).drill(folders.runDir, words);
  }
}
