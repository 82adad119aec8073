import { isBuiltin } from 'node:module';
import { types } from 'node:util';
import { scriptPath } from '../source/script-location.ts';
import { type AnyFunction, classNameOf, isWalkable, ownKeys, ownValue } from './own-values.ts';
import type { FunctionLocation, ScopeReader, Variables } from './scope-reader.ts';

/** Where a walk begins: values that the program holds by themselves. */
export interface Root {
  /** How the root is reached. */
  readonly source: 'frame' | 'module' | 'global' | 'handle' | 'timer';
  /** URL or path of the script it belongs to; empty when it belongs to none. */
  readonly url: string;
  /** What the values are reached by: for `module` the scope of the module, by variable name. */
  readonly values: Variables;
  /** Real lengths of lists that are given by a sample. */
  readonly counts?: ReadonlyMap<object, number>;
  /** Where the function stands that stands for the root: the callback of its timers. */
  readonly location?: FunctionLocation;
}

/** A module that is loaded: where from, and what it exports. */
interface LoadedModule {
  readonly url: string;
  readonly exported: unknown;
}

interface RuntimeModule {
  readonly _cache?: Record<string, { exports?: unknown }>;
  readonly register?: AnyFunction;
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
      return Array.from(Map.prototype.entries.call(cache) as Iterable<[string, object]>, ([url, jobs]) => ({
        url,
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

/** Functions that a module exports, itself or on what it exports; one is enough to see the module's scope. */
function* functionsOf(exported: unknown): Generator<AnyFunction> {
  if (typeof exported === 'function') yield exported as AnyFunction;
  if (!isWalkable(exported)) return;
  for (const key of ownKeys(exported).slice(0, 200)) {
    const value = ownValue(exported, key);
    if (typeof value === 'function') yield value as AnyFunction;
    else if (isWalkable(value)) {
      for (const inner of ownKeys(value).slice(0, 20)) {
        const method = ownValue(value, inner);
        if (typeof method === 'function') yield method as AnyFunction;
      }
      const prototype = Object.getPrototypeOf(value) as object | null;
      if (prototype !== null && prototype !== Object.prototype)
        for (const inner of ownKeys(prototype).slice(0, 20)) {
          const method = ownValue(prototype, inner);
          if (typeof method === 'function' && inner !== 'constructor') yield method as AnyFunction;
        }
    }
  }
}

/** How many functions of one module are tried before its scope counts as out of reach. */
const TRIES_A_MODULE = 6;

/** The scopes of all loaded modules of the service, then of its packages, for as long as `isTimeLeft`. */
export function moduleRoots(
  scopes: ScopeReader,
  isWanted: (url: string) => boolean,
  isTimeLeft: () => boolean,
): Root[] {
  const module = process.getBuiltinModule('node:module') as unknown as RuntimeModule;
  const seen = new Set<string>();
  const roots: Root[] = [];
  const loaded = [...commonJsModules(module), ...esModules(module, scopes)].filter(
    ({ url }) => !url.startsWith('node:') && !isBuiltin(url) && isWanted(url),
  );
  loaded.sort((a, b) => rank(a.url) - rank(b.url));
  for (const { url, exported } of loaded) {
    if (!isTimeLeft()) break;
    const key = scriptPath(url) ?? url;
    if (seen.has(key)) continue;
    const scope = scopeOf(exported, scopes);
    if (scope === undefined && !isWalkable(exported)) continue;
    seen.add(key);
    roots.push({ source: 'module', url, values: scope ?? { exports: exported } });
  }
  return roots;
}

function rank(url: string): number {
  return /[\\/]node_modules[\\/]/.test(url) ? 1 : 0;
}

function scopeOf(exported: unknown, scopes: ScopeReader): Variables | undefined {
  let tries = 0;
  for (const candidate of functionsOf(exported)) {
    if (tries >= TRIES_A_MODULE) break;
    tries += 1;
    // The outermost scope that is not the global one is the module's.
    const outermost = scopes.inside(candidate).scopes.at(-1);
    if (outermost !== undefined) return outermost.variables;
  }
  return undefined;
}

/** Names every realm has from the start: what is beside them on the global object is the program's. */
const INBORN = new Set(Object.getOwnPropertyNames(globalThis));

/** Open handles and their listeners, running timers, and what the program has put on the global object. */
export function processRoots(scopes: ScopeReader): Root[] {
  const runtime = process as NodeJS.Process & {
    _getActiveHandles?: () => object[];
    _getActiveRequests?: () => object[];
  };
  const handles = [...(runtime._getActiveHandles?.() ?? []), ...(runtime._getActiveRequests?.() ?? [])];
  const globals: Record<string, unknown> = {};
  for (const name of Object.getOwnPropertyNames(globalThis)) {
    if (!INBORN.has(name)) globals[name] = ownValue(globalThis, name);
  }
  return [
    { source: 'global', url: '', values: globals },
    ...timerRoots(scopes),
    ...handles.map((handle): Root => ({
      source: 'handle',
      url: '',
      values: { [classNameOf(handle)]: handle },
    })),
    { source: 'handle', url: '', values: { process: ownValue(process, '_events') } },
  ];
}

/** How many timers of one duration are looked at, and counted. */
const TIMERS_SAMPLED = 64;
const TIMERS_COUNTED = 1_000_000;

/** Running timers by their duration, in Node's own lists, which `setTimeout` closes over; named by where the callback of the first stands. */
function timerRoots(scopes: ScopeReader): Root[] {
  const roots: Root[] = [];
  for (const { variables } of scopes.inside(setTimeout as unknown as AnyFunction).scopes) {
    const byDuration = ownValue(variables, 'timerListMap');
    if (!isWalkable(byDuration)) continue;
    for (const duration of ownKeys(byDuration)) {
      const list = ownValue(byDuration, duration);
      if (!isWalkable(list)) continue;
      const timers: object[] = [];
      let count = 0;
      let next = ownValue(list, '_idleNext');
      for (
        ;
        isWalkable(next) && next !== list && count < TIMERS_COUNTED;
        next = ownValue(next, '_idleNext')
      ) {
        if (count < TIMERS_SAMPLED) timers.push(next);
        count += 1;
      }
      const callback = timers[0] === undefined ? undefined : ownValue(timers[0], '_onTimeout');
      const location =
        typeof callback === 'function' ? scopes.inside(callback as AnyFunction).location : undefined;
      const values = { [`timers of ${String(duration)} ms`]: timers };
      const counts = new Map([[timers as object, count]]);
      roots.push({
        source: 'timer',
        url: '',
        values,
        counts,
        ...(location === undefined ? {} : { location }),
      });
    }
  }
  return roots;
}
