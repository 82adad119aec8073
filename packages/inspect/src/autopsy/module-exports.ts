import { types } from 'node:util';
import { isOfPackage, type LoadedModule } from './loaded-modules.ts';
import { isWalkable, ownKeys, ownValue } from './own-values.ts';

/** Which module of the service gives a thing to the others, and by which name; no name for all that a CommonJS module exports. */
export interface Export {
  readonly url: string;
  readonly name: string | undefined;
}

const EXPORTS_A_MODULE = 200;

/**
 * Finds the module a thing belongs to that a module has imported: V8 shows what is imported among the variables of the importer. Where several export it, it is that of the one
 * that was loaded last: those that hand it on are loaded before what they import.
 * Ends when the time is up: then an import may be named by its importer.
 */
export function indexExports(
  loaded: readonly LoadedModule[],
  isTimeLeft: () => boolean,
): ReadonlyMap<unknown, Export> {
  const index = new Map<unknown, Export>();
  for (const { url, exported } of loaded) {
    if (!isTimeLeft()) break;
    if (isOfPackage(url) || !isWalkable(exported)) continue;
    if (!types.isModuleNamespaceObject(exported)) index.set(exported, { url, name: undefined });
    for (const key of ownKeys(exported).slice(0, EXPORTS_A_MODULE)) {
      const value = ownValue(exported, key);
      if (typeof key === 'string' && isWalkable(value)) index.set(value, { url, name: key });
    }
  }
  return index;
}
