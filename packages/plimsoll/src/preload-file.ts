import { fileURLToPath, pathToFileURL } from 'node:url';

/** The file that arms the guard in a service: loaded by `--require`, which leaves the way Node.js loads the service's own main file as it was. */
export function preloadPath(): string {
  return fileURLToPath(new URL('preload.cjs', import.meta.url));
}

/** The preload as one argument of `node`. */
export function preloadArgument(): string {
  return `--require=${preloadPath()}`;
}

/**
 * The preload as one word that survives the word splitting of `node $(plimsoll flags)`: a path with blanks or wildcards becomes a file URL, which only
 * `--import` takes.
 */
export function splittablePreloadArgument(): string {
  const path = preloadPath();
  if (!/[\s*?[\]"'\\]/.test(path)) return `--require=${path}`;
  const url = pathToFileURL(path).href.replaceAll(/[*?[\]"'\\]/g, (character) => {
    return `%${character.charCodeAt(0).toString(16)}`;
  });
  return `--import=${url}`;
}
