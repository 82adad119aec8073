import { types } from 'node:util';
import { meanEntryBytes } from './deep-size.ts';
import { type AnyFunction, classNameOf, isWalkable, ownKeys, ownValue } from './own-values.ts';
import { locateScript, scriptPath } from '../source/script-location.ts';
import type { Root } from './program-roots.ts';
import type { ScopeReader } from './scope-reader.ts';

/** What a container is. */
export type ContainerKind = 'Map' | 'Set' | 'Array' | 'Object' | 'Buffer' | 'string' | 'list';

/** One step on the way from a root: a name from source code, or a key of a dictionary, which is never shown. */
export interface PathStep {
  readonly name: string;
  readonly isKey: boolean;
  /** Of how many entries this one is. */
  readonly fanOutCount: number;
}

/** Something that holds many things or much. */
export interface Container {
  /** The same for the same place in the program at another time: root and path, keys left open. */
  readonly key: string;
  readonly kind: ContainerKind;
  readonly source: Root['source'];
  /** URL of the script whose variable the path begins with; empty when none is known. */
  readonly url: string;
  readonly steps: readonly PathStep[];
  /** Entries, elements or bytes. */
  readonly count: number;
  readonly heapBytes: number;
  readonly externalBytes: number;
  /** Key of the nearest container on the way, if there is one. */
  readonly parentKey: string | undefined;
  /** Where it stands, from 1, when that is known better than by its name: the callback of a list of timers. */
  readonly place?: { readonly line: number; readonly column: number };
}

/** Bounds of a walk: it happens while a service stands still. */
export interface WalkBounds {
  readonly visitedCount: number;
  readonly scopeReadCount: number;
  readonly depthCount: number;
  readonly isTimeLeft: () => boolean;
}

/** Entries from which a collection counts as a container. */
const CONTAINER_COUNT = 100;
const CONTAINER_BYTES = 64 * 1024;
/** From so many keys on an object is a dictionary. */
const DICTIONARY_COUNT = 24;
const ENTRIES_WALKED = 24;
const ENTRIES_SIZED = 12;
const FUNCTIONS_SIZED = 4;
const LIST_STEPS = 4_000_000;
/** Links of Node's own lists, which lead through everything. */
const LINKS = new Set(['_idleNext', '_idlePrev', '_handle', 'domain']);

interface Place {
  readonly value: object;
  readonly steps: readonly PathStep[];
  readonly parent: Place | undefined;
  readonly container: string | undefined;
  readonly root: Root;
  readonly depth: number;
  /** For one entry of several that were sampled: how many it stands for. */
  readonly weight: number;
}

/** Walks from the roots, nearest things first, and sizes what holds many things. Runs no code of the service: no getters, no proxies, no iteration protocols of theirs. */
export class ContainerWalk {
  readonly #scopes: ScopeReader;
  readonly #bounds: WalkBounds;
  readonly #seen = new Set<object>();
  readonly #found = new Map<string, Container>();
  readonly #privateClasses = new Map<unknown, boolean>();
  readonly #scriptUrl: (scriptId: string) => string;
  #queue: Place[] = [];
  #scopeReads = 0;
  #isCutShort = false;

  constructor(scopes: ScopeReader, bounds: WalkBounds, scriptUrl: (scriptId: string) => string) {
    this.#scopes = scopes;
    this.#bounds = bounds;
    this.#scriptUrl = scriptUrl;
  }

  /** True when a bound ended the walk before it had seen everything. */
  get isCutShort(): boolean {
    return this.#isCutShort;
  }

  get visitedCount(): number {
    return this.#seen.size;
  }

  /** The containers that can be reached from `roots`, largest first. */
  walk(roots: readonly Root[]): Container[] {
    for (const root of roots) {
      for (const name of ownKeys(root.values))
        this.#enqueueVariable(root, String(name), ownValue(root.values, name));
    }
    while (this.#queue.length > 0) {
      const round = this.#queue;
      this.#queue = [];
      for (const place of round) {
        if (this.#seen.size >= this.#bounds.visitedCount || !this.#bounds.isTimeLeft()) {
          this.#isCutShort = true;
          return this.#sorted();
        }
        this.#visit(place);
      }
    }
    return this.#sorted();
  }

  #sorted(): Container[] {
    return Array.from(this.#found.values()).sort(
      (a, b) => b.heapBytes + b.externalBytes - a.heapBytes - a.externalBytes,
    );
  }

  #enqueueVariable(root: Root, name: string, value: unknown): void {
    if (typeof value === 'string' && value.length > CONTAINER_BYTES) {
      const steps = [{ name, isKey: false, fanOutCount: 1 }];
      this.#record(
        { kind: 'string', count: value.length, heapBytes: value.length, externalBytes: 0 },
        steps,
        root,
        undefined,
        1,
      );
    }
    if (!isWalkable(value)) return;
    this.#queue.push({
      value,
      steps: [{ name, isKey: false, fanOutCount: 1 }],
      parent: undefined,
      container: undefined,
      root,
      depth: 0,
      weight: 1,
    });
  }

  #enqueue(from: Place, step: PathStep, value: unknown, container: string | undefined, weight: number): void {
    if (!isWalkable(value) || from.depth >= this.#bounds.depthCount || this.#seen.has(value)) return;
    this.#queue.push({
      value,
      steps: [...from.steps, step],
      parent: from,
      container: container ?? from.container,
      root: from.root,
      depth: from.depth + 1,
      weight: from.weight * weight,
    });
  }

  #visit(place: Place): void {
    const { value } = place;
    if (this.#seen.has(value)) return;
    this.#seen.add(value);
    if (typeof value === 'function') this.#visitFunction(place, value as AnyFunction);
    else if (Array.isArray(value)) this.#visitArray(place, value);
    else if (types.isMap(value)) this.#visitMap(place, value);
    else if (types.isSet(value)) this.#visitSet(place, value);
    else if (ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value)) this.#visitBuffer(place, value);
    else this.#visitObject(place, value);
  }

  #visitArray(place: Place, list: readonly unknown[]): void {
    const count = place.root.counts?.get(list) ?? list.length;
    const key = this.#recordCollection(
      place,
      count === list.length ? 'Array' : 'list',
      count,
      16 + count * 8,
      spread(list.length, ENTRIES_SIZED).map((i) => ownValue(list, i)),
    );
    const walked = spread(list.length, ENTRIES_WALKED);
    for (const i of walked)
      this.#enqueue(place, keyStep(count), ownValue(list, i), key, count / walked.length);
  }

  #visitMap(place: Place, map: ReadonlyMap<unknown, unknown>): void {
    const entries = first(Map.prototype.entries.call(map) as Iterable<[unknown, unknown]>, ENTRIES_WALKED);
    const key = this.#recordCollection(
      place,
      'Map',
      sizeOf(map),
      56 + sizeOf(map) * 28,
      entries.slice(0, ENTRIES_SIZED).flat(),
      2,
    );
    const weight = sizeOf(map) / Math.max(1, entries.length);
    for (const [name, value] of entries) {
      this.#enqueue(place, keyStep(sizeOf(map)), value, key, weight);
      this.#enqueue(place, keyStep(sizeOf(map)), name, key, weight);
    }
  }

  #visitSet(place: Place, set: ReadonlySet<unknown>): void {
    const entries = first(Set.prototype.values.call(set) as Iterable<unknown>, ENTRIES_WALKED);
    const key = this.#recordCollection(
      place,
      'Set',
      setSizeOf(set),
      56 + setSizeOf(set) * 20,
      entries.slice(0, ENTRIES_SIZED),
    );
    for (const value of entries)
      this.#enqueue(place, keyStep(setSizeOf(set)), value, key, setSizeOf(set) / entries.length);
  }

  #visitBuffer(place: Place, buffer: ArrayBufferView | ArrayBufferLike): void {
    if (buffer.byteLength < CONTAINER_BYTES) return;
    const size = {
      kind: 'Buffer',
      count: buffer.byteLength,
      heapBytes: 0,
      externalBytes: buffer.byteLength,
    } as const;
    this.#record(size, place.steps, place.root, place.container, place.weight);
  }

  #visitObject(place: Place, target: object): void {
    const keys = ownKeys(target);
    const isDictionary = keys.length > DICTIONARY_COUNT && isPlain(target);
    const walked = isDictionary
      ? spread(keys.length, ENTRIES_WALKED).map((i) => keys[i] as string | symbol)
      : keys.slice(0, 200);
    let container: string | undefined;
    if (isDictionary && keys.length >= CONTAINER_COUNT) {
      const values = walked.slice(0, ENTRIES_SIZED).map((key) => ownValue(target, key));
      container = this.#recordCollection(place, 'Object', keys.length, 24 + keys.length * 56, values);
    }
    for (const key of walked) {
      if (typeof key === 'string' && LINKS.has(key)) continue;
      const value = ownValue(target, key);
      const name = typeof key === 'symbol' ? (key.description ?? 'symbol') : key;
      const step = isDictionary ? keyStep(keys.length) : { name, isKey: false, fanOutCount: keys.length };
      if (typeof value === 'string' && value.length > CONTAINER_BYTES) {
        this.#record(
          { kind: 'string', count: value.length, heapBytes: value.length, externalBytes: 0 },
          [...place.steps, step],
          place.root,
          place.container,
          place.weight,
        );
      }
      this.#enqueue(place, step, value, container, isDictionary ? keys.length / walked.length : 1);
      if (!isDictionary && typeof key === 'string' && isWalkable(value))
        this.#followList(place, target, key, value);
    }
    if (!isPlain(target) && this.#hasPrivateFields(target)) this.#enqueuePrivate(place, target);
  }

  /** A chain of like objects through one property is one container, not a depth of a million. */
  #followList(place: Place, head: object, link: string, second: object): void {
    if (place.parent !== undefined && ownValue(place.parent.value, link) === head) return;
    const prototype = Object.getPrototypeOf(head) as object | null;
    if (Object.getPrototypeOf(second) !== prototype || !Object.hasOwn(second, link)) return;
    const sample: object[] = [];
    let count = 0;
    let next: unknown = head;
    // Brent: a list that runs into a circle meets the marker within one round.
    let marker: unknown = undefined;
    for (; isWalkable(next) && next !== marker && count < LIST_STEPS; next = linked(next, link, count)) {
      if (sample.length < ENTRIES_SIZED) sample.push(next);
      if ((count & (count - 1)) === 0) marker = next;
      count += 1;
      if (count % 4096 === 0 && !this.#bounds.isTimeLeft()) break;
    }
    if (count < CONTAINER_COUNT) return;
    const known = new Set<object>([...sample, ...ancestors(place)]);
    // Each member on its own: its link leads to the next, which is known.
    const { heapBytes, externalBytes } = meanEntryBytes(
      sample.map((member) =>
        ownKeys(member).map((key) => (key === link ? undefined : ownValue(member, key))),
      ),
      known,
      () => [],
    );
    this.#record(
      { kind: 'list', count, heapBytes: heapBytes * count, externalBytes: externalBytes * count },
      place.steps,
      place.root,
      place.container,
      place.weight,
    );
  }

  #visitFunction(place: Place, target: AnyFunction): void {
    for (const key of ownKeys(target)) {
      if (
        key === 'prototype' ||
        key === 'length' ||
        key === 'name' ||
        key === 'arguments' ||
        key === 'caller'
      )
        continue;
      const name = typeof key === 'symbol' ? (key.description ?? 'symbol') : key;
      this.#enqueue(place, { name, isKey: false, fanOutCount: 1 }, ownValue(target, key), undefined, 1);
    }
    if (this.#hasPrivateFields(target)) this.#enqueuePrivate(place, target);
    if (this.#scopeReads >= this.#bounds.scopeReadCount || isNative(target)) return;
    this.#scopeReads += 1;
    const { location, scopes } = this.#scopes.inside(target);
    const url = location === undefined ? '' : this.#scriptUrl(location.scriptId);
    // Node's own variables lead through everything; the guard's are not the service's; of an unknown script it could be either.
    if (url === '' || url.startsWith('node:') || locateScript(url).isGuard) return;
    for (const { variables } of scopes) {
      const root: Root = {
        source: 'module',
        url,
        values: variables,
      };
      for (const name of ownKeys(variables))
        this.#enqueueVariable(root, String(name), ownValue(variables, name));
    }
  }

  #hasPrivateFields(target: object): boolean {
    const made =
      typeof target === 'function'
        ? target
        : ownValue(Object.getPrototypeOf(target) as object, 'constructor');
    if (typeof made !== 'function') return false;
    let known = this.#privateClasses.get(made);
    if (known === undefined) {
      const text = Function.prototype.toString.call(made);
      known = text.startsWith('class') && text.includes('#');
      this.#privateClasses.set(made, known);
    }
    return known;
  }

  #enqueuePrivate(place: Place, target: object): void {
    if (this.#scopeReads >= this.#bounds.scopeReadCount) return;
    this.#scopeReads += 1;
    const fields = this.#scopes.privateFields(target);
    for (const name of Object.keys(fields))
      this.#enqueue(place, { name, isKey: false, fanOutCount: 1 }, fields[name], undefined, 1);
  }

  #recordCollection(
    place: Place,
    kind: ContainerKind,
    count: number,
    tableBytes: number,
    sample: readonly unknown[],
    valuesAnEntry = 1,
  ): string | undefined {
    if (count < CONTAINER_COUNT && tableBytes < CONTAINER_BYTES && sample.length === 0) return undefined;
    const known = new Set<object>(ancestors(place));
    let reads = 0;
    const mean = meanEntryBytes(sample, known, (target) => {
      if (reads >= FUNCTIONS_SIZED) return [];
      reads += 1;
      // The innermost scope is the function's own; those around it are shared by all functions of the place.
      // Outermost is the module: of it all functions of the file share what it holds.
      return this.#scopes
        .inside(target)
        .scopes.slice(0, -1)
        .slice(0, 1)
        .map(({ variables }) => variables);
    });
    const heapBytes = tableBytes + mean.heapBytes * valuesAnEntry * count;
    const externalBytes = mean.externalBytes * valuesAnEntry * count;
    if (count < CONTAINER_COUNT && heapBytes + externalBytes < CONTAINER_BYTES) return undefined;
    return this.#record(
      { kind, count, heapBytes, externalBytes },
      place.steps,
      place.root,
      place.container,
      place.weight,
    );
  }

  #record(
    size: Pick<Container, 'kind' | 'count' | 'heapBytes' | 'externalBytes'>,
    steps: readonly PathStep[],
    root: Root,
    parentKey: string | undefined,
    weight: number,
  ): string {
    const key = `${scriptPath(root.url) ?? root.url}|${steps.map(({ name, isKey }) => (isKey ? '[*]' : name)).join('.')}`;
    const before = this.#found.get(key);
    const { location } = root;
    const isOfRoot = location !== undefined && steps.length === 1;
    const url = isOfRoot ? this.#scriptUrl(location.scriptId) : root.url;
    // Those of like path are one finding: 50 tenants of 20,000 handlers each are a million handlers.
    this.#found.set(key, {
      key,
      kind: size.kind,
      source: before?.source ?? root.source,
      url,
      steps: before?.steps ?? steps,
      count: Math.round((before?.count ?? 0) + size.count * weight),
      heapBytes: Math.round((before?.heapBytes ?? 0) + size.heapBytes * weight),
      externalBytes: Math.round((before?.externalBytes ?? 0) + size.externalBytes * weight),
      parentKey: parentKey === key ? undefined : parentKey,
      ...(isOfRoot ? { place: { line: location.lineNumber + 1, column: location.columnNumber + 1 } } : {}),
    });
    return key;
  }
}

/** The next member; the first are read with care, those after them are of the same class and read plainly: a list may have millions. */
function linked(member: object, link: string, count: number): unknown {
  return count < 8 ? ownValue(member, link) : (member as Readonly<Record<string, unknown>>)[link];
}

/** Built-in and bound functions have no scopes of source code. */
function isNative(target: AnyFunction): boolean {
  return Function.prototype.toString.call(target).endsWith('{ [native code] }');
}

function keyStep(fanOutCount: number): PathStep {
  return { name: 'key', isKey: true, fanOutCount };
}

/** `wantedCount` indexes spread evenly over `count`. */
function spread(count: number, wantedCount: number): number[] {
  if (count <= wantedCount) return Array.from({ length: count }, (_, i) => i);
  return Array.from({ length: wantedCount }, (_, i) => Math.floor((i * count) / wantedCount));
}

function first<T>(entries: Iterable<T>, wantedCount: number): T[] {
  const taken: T[] = [];
  for (const entry of entries) {
    if (taken.length >= wantedCount) break;
    taken.push(entry);
  }
  return taken;
}

/** V8's own count: a subclass may have a `size` of its own. */
function sizeOf(map: ReadonlyMap<unknown, unknown>): number {
  return Reflect.get(Map.prototype, 'size', map) as number;
}

function setSizeOf(set: ReadonlySet<unknown>): number {
  return Reflect.get(Set.prototype, 'size', set) as number;
}

function isPlain(target: object): boolean {
  const prototype = Object.getPrototypeOf(target) as object | null;
  return prototype === null || prototype === Object.prototype || classNameOf(target) === 'Object';
}

function* ancestors(place: Place): Generator<object> {
  for (let at: Place | undefined = place; at !== undefined; at = at.parent) yield at.value;
}
