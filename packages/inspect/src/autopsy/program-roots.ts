import { scriptPath } from '../source/script-location.ts';
import type { LoadedModule } from './loaded-modules.ts';
import { type AnyFunction, classNameOf, isWalkable, ownKeys, ownValue } from './own-values.ts';
import type { FunctionInside, FunctionLocation, ScopeReader, ScopeView, Variables } from './scope-reader.ts';

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
  /** For variables of a scope: where it was seen from. */
  readonly view?: ScopeView;
}

/** The variables a function of the script at `url` can see, scope by scope. */
export function scopeRoots(url: string, { location, scopes }: FunctionInside): Root[] {
  return scopes.map(({ variables, label, isOutermost }) => ({
    source: 'module',
    url,
    values: variables,
    ...(location === undefined ? {} : { view: { location, label, isOutermost } }),
  }));
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

/** The scopes of the modules in `loaded`, for as long as `isTimeLeft`. */
export function moduleRoots(
  loaded: readonly LoadedModule[],
  scopes: ScopeReader,
  isTimeLeft: () => boolean,
): Root[] {
  const seen = new Set<string>();
  const roots: Root[] = [];
  for (const { url, exported } of loaded) {
    if (!isTimeLeft()) break;
    const key = scriptPath(url) ?? url;
    if (seen.has(key)) continue;
    const ofModule = moduleScopeOf(url, exported, scopes);
    if (ofModule === undefined && !isWalkable(exported)) continue;
    seen.add(key);
    roots.push(ofModule ?? { source: 'module', url, values: { exports: exported } });
  }
  return roots;
}

function moduleScopeOf(url: string, exported: unknown, scopes: ScopeReader): Root | undefined {
  let tries = 0;
  for (const candidate of functionsOf(exported)) {
    if (tries >= TRIES_A_MODULE) break;
    tries += 1;
    const outermost = scopeRoots(url, scopes.inside(candidate)).at(-1);
    if (outermost !== undefined) return outermost;
  }
  return undefined;
}

/** Names every realm has from the start: what is beside them on the global object is the program's. */
const INBORN = new Set(Object.getOwnPropertyNames(globalThis));

/** Of many like handles, the connections of a busy service, so many are looked at first. */
const HANDLES_A_CLASS = 4;

/** The roots of a walk, and those that are looked at once these have been: the rest of many like them. */
export interface ProcessRoots {
  readonly first: Root[];
  readonly rest: Root[];
}

/** Open handles and their listeners, running timers, and what the program has put on the global object. */
export function processRoots(scopes: ScopeReader): ProcessRoots {
  const runtime = process as NodeJS.Process & {
    _getActiveHandles?: () => object[];
    _getActiveRequests?: () => object[];
  };
  const handles = [...(runtime._getActiveHandles?.() ?? []), ...(runtime._getActiveRequests?.() ?? [])];
  const globals: Record<string, unknown> = {};
  for (const name of Object.getOwnPropertyNames(globalThis)) {
    if (!INBORN.has(name)) globals[name] = ownValue(globalThis, name);
  }
  const first: Root[] = [
    { source: 'global', url: '', values: globals },
    ...timerRoots(scopes),
    { source: 'handle', url: '', values: { process: ownValue(process, '_events') } },
  ];
  const rest: Root[] = [];
  const counts = new Map<string, number>();
  for (const handle of handles) {
    const name = classNameOf(handle);
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    const root: Root = { source: 'handle', url: '', values: { [name]: handle } };
    (count <= HANDLES_A_CLASS ? first : rest).push(root);
  }
  return { first, rest };
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
