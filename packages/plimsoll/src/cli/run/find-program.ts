import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, resolve } from 'node:path';
import { CommandFailure, exitCodes } from '../failure.ts';

/**
 * The file a shell would run for `word`: as it is when it holds a slash, else the first executable file of that name on the PATH.
 * @throws CommandFailure with 127 when there is none, 126 when there is one that may not be run.
 */
export function findProgram(word: string, searchPath: string | undefined): string {
  if (word.includes('/') || (process.platform === 'win32' && word.includes('\\'))) {
    const path = resolve(word);
    const state = stateOf(path);
    if (state === 'runnable') return path;
    if (state === 'missing') throw new CommandFailure(`${word}: not found`, exitCodes.notFound);
    throw new CommandFailure(`${word}: ${state}`, exitCodes.notRunnable);
  }
  let unusable: string | undefined;
  for (const folder of (searchPath ?? '/usr/local/bin:/usr/bin:/bin').split(delimiter)) {
    for (const suffix of process.platform === 'win32' ? ['.exe', '.cmd', ''] : ['']) {
      const path = resolve(folder === '' ? '.' : folder, word + suffix);
      const state = stateOf(path);
      if (state === 'runnable') return path;
      if (state === 'not executable') unusable ??= path;
    }
  }
  if (unusable !== undefined) throw new CommandFailure(`${unusable}: not executable`, exitCodes.notRunnable);
  throw new CommandFailure(`${word}: not found on the PATH`, exitCodes.notFound);
}

function stateOf(path: string): 'runnable' | 'missing' | 'a folder' | 'not executable' {
  try {
    if (statSync(path).isDirectory()) return 'a folder';
    accessSync(path, constants.X_OK);
    return 'runnable';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EACCES' ? 'not executable' : 'missing';
  }
}
