import { realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, resolve, sep } from 'node:path';
import { preloadPath } from '../../preload-file.ts';

const SWITCHES: ReadonlySet<string> = new Set(['--permission', '--experimental-permission']);

/**
 * The folder that Node's permission model keeps the guard from reading, if it does: a preload that may not be read would stop the service from starting.
 * `words` are the arguments of `node` and those of `NODE_OPTIONS`.
 */
export function unreadableGuardFolder(words: readonly string[]): string | undefined {
  if (!words.some((word) => SWITCHES.has(word))) return undefined;
  const granted = words.flatMap((word, index) => {
    if (word.startsWith('--allow-fs-read=')) return [word.slice('--allow-fs-read='.length)];
    return word === '--allow-fs-read' ? [words[index + 1] ?? ''] : [];
  });
  return guardFolders().find((folder) => !granted.some((pattern) => isGranted(folder, pattern)));
}

/** The folders the guard is read from: ours, and that of the packages beside it, which may lie elsewhere under a linking package manager. */
function guardFolders(): string[] {
  const own = dirname(dirname(preloadPath()));
  const memory = dirname(dirname(createRequire(import.meta.url).resolve('@plimsoll/memory')));
  return [own, memory].map((folder) => realpathSync(folder));
}

function isGranted(folder: string, pattern: string): boolean {
  if (pattern === '*') return true;
  const path = resolve(pattern.replace(/\*$/, ''));
  return folder === path || folder.startsWith(path.endsWith(sep) ? path : path + sep);
}
