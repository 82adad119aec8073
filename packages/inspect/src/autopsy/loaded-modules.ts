import { isBuiltin } from 'node:module';
import { types } from 'node:util';
import { firstOfMap } from './entry-sample.ts';
import { type AnyFunction, isWalkable, ownKeys, ownValue } from './own-values.ts';
import type { ScopeReader } from './scope-reader.ts';

/** A module that is loaded: where from, and what it exports. */
export interface LoadedModule {
  readonly url: string;
  readonly exported: unknown;
}

interface RuntimeModule {
  readonly _cache?: Record<string, { exports?: unknown }>;
  readonly register?: AnyFunction;
}

/** The modules of this thread that `isWanted`, those of the service before those of its packages, each kind in the order of its loading. */
export function loadedModules(scopes: ScopeReader, isWanted: (url: string) => boolean): LoadedModule[] {
  const module = process.getBuiltinModule('node:module') as unknown as RuntimeModule;
  return [...commonJsModules(module), ...esModules(module, scopes)]
    .filter(({ url }) => !url.startsWith('node:') && !isBuiltin(url) && isWanted(url))
    .sort((a, b) => rank(a.url) - rank(b.url));
}

function rank(url: string): number {
  return isOfPackage(url) ? 1 : 0;
}

/** True for a script of a package that the service has installed. */
export function isOfPackage(url: string): boolean {
  return /[\\/]node_modules[\\/]/.test(url);
}

/** Every CommonJS module of this thread. */
function commonJsModules(module: RuntimeModule): LoadedModule[] {
  const cache = module._cache ?? {};
  return Object.keys(cache).map((url) => ({ url, exported: ownValue(cache[url] as object, 'exports') }));
}

/**
 * Every ES module of this thread, without importing anything: the loader's own cache, which `Module.register` closes over (Node 20–26). A Node that has moved it gives none; then the
 * modules are reached through the functions of timers, handles and frames.
 */
function esModules(module: RuntimeModule, scopes: ScopeReader): LoadedModule[] {
  const { register } = module;
  if (typeof register !== 'function') return [];
  for (const { variables } of scopes.inside(register).scopes) {
    const loader = ownValue(variables, 'cascadedLoader');
    const cache = isWalkable(loader) ? ownValue(loader, 'loadCache') : undefined;
    // Node's own maps have no prototype of Map's.
    if (types.isMap(cache))
      return firstOfMap(cache, Number.POSITIVE_INFINITY).map(([url, jobs]) => ({
        url: String(url),
        exported: namespaceOf(jobs),
      }));
  }
  return [];
}

/** The namespace of a job of the loader; undefined while it is not linked yet. */
function namespaceOf(jobs: unknown): unknown {
  if (!isWalkable(jobs)) return undefined;
  for (const key of ownKeys(jobs)) {
    const job = ownValue(jobs, key);
    const wrap = isWalkable(job)
      ? (ownValue(job, 'module') as { getNamespace?: () => unknown } | undefined)
      : undefined;
    try {
      const namespace = wrap?.getNamespace?.();
      if (namespace !== undefined) return namespace;
    } catch {
      // Not linked yet: nothing of it runs.
    }
  }
  return undefined;
}
