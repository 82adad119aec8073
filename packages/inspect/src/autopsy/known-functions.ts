import { processWide } from '@plimsoll/memory';
import type { AnyFunction } from './own-values.ts';
import { type Root, scopeRoots } from './program-roots.ts';
import type { FunctionLocation, ScopeReader } from './scope-reader.ts';

/** Functions that are remembered; each is another place of the source code. */
const FUNCTIONS_KNOWN = 128;

interface KnownFunction {
  readonly url: string;
  readonly target: WeakRef<AnyFunction>;
}

function known(): Map<string, KnownFunction> {
  return processWide('known-functions', () => new Map<string, KnownFunction>());
}

/**
 * Remembers that the variables of the script at `url` can be seen through `target`. A timer that fires at V8's limit is in no list of timers just then, and no frame of the pause
 * need be the service's: what an earlier census saw through it is seen again. Held weakly: nothing lives longer for it.
 */
export function rememberFunction(url: string, location: FunctionLocation, target: AnyFunction): void {
  const all = known();
  const place = `${location.scriptId}:${location.lineNumber}:${location.columnNumber}`;
  if (all.get(place)?.target.deref() !== undefined) return;
  if (all.size >= FUNCTIONS_KNOWN) {
    const oldest = all.keys().next().value;
    if (oldest !== undefined) all.delete(oldest);
  }
  all.set(place, { url, target: new WeakRef(target) });
}

/** The variables around the functions that are still alive, for as long as `isTimeLeft`. */
export function knownFunctionRoots(scopes: ScopeReader, isTimeLeft: () => boolean): Root[] {
  const roots: Root[] = [];
  for (const { url, target } of known().values()) {
    if (!isTimeLeft()) break;
    const alive = target.deref();
    if (alive === undefined) continue;
    roots.push(...scopeRoots(url, scopes.inside(alive)));
  }
  return roots;
}
