import { AsyncLocalStorage } from 'node:async_hooks';
import { types } from 'node:util';
import { locateScript } from '../source/script-location.ts';
import { type ClassCount, ClassTally } from './class-tally.ts';
import {
  type Container,
  CONTAINER_BYTES,
  CONTAINER_COUNT,
  type ContainerKind,
  keyStep,
  nameStep,
  type PathStep,
  STORE_STEP,
} from './container.ts';
import { ContainerBook } from './container-book.ts';
import { mapTableBytes, meanEntryBytes, setTableBytes } from './deep-size.ts';
import { firstOfMap, firstOfSet, mapCount, setCount, spread } from './entry-sample.ts';
import { rememberFunction } from './known-functions.ts';
import { measureLinkedList } from './linked-list.ts';
import type { Export } from './module-exports.ts';
import {
  type AnyFunction,
  hasPrivateNames,
  isNative,
  isPlain,
  isWalkable,
  ownKeys,
  ownValue,
} from './own-values.ts';
import { type Root, scopeRoots } from './program-roots.ts';
import { ScopeBudget } from './scope-budget.ts';
import type { ScopeReader } from './scope-reader.ts';
import { isUnreadResponse } from './unread-response.ts';
import { type Place, WalkQueue } from './walk-queue.ts';
import { wasmExports, wasmMemoryBytes } from './wasm-memory.ts';

/** Bounds of a walk: it happens while a service stands still. */
export interface WalkBounds {
  readonly visitedCount: number;
  readonly scopeReadCount: number;
  readonly depthCount: number;
  readonly isTimeLeft: () => boolean;
}

/** From so many keys on an object is a dictionary. */
const DICTIONARY_COUNT = 24;
/** Of an object that is none, so many properties are followed. */
const PROPERTIES_WALKED = 200;
const ENTRIES_WALKED = 24;
const ENTRIES_SIZED = 12;
const FUNCTIONS_SIZED = 4;
const RESPONSES_READ = 4;
const CLASSES_KEPT = 100;
/** Links of Node's own lists, which lead through everything. */
const LINKS = new Set(['_idleNext', '_idlePrev', '_handle', 'domain']);
/** What every function has and that holds nothing. */
const BORN_WITH = new Set<string | symbol>(['prototype', 'length', 'name', 'arguments', 'caller']);
/** Under these symbols Node keeps the stores of AsyncLocalStorage on asynchronous things: each by itself (20, 22), or all in a Map (24, 26). */
const STORE_SYMBOL = 'kResourceStore';
const STORES_SYMBOL = 'kAsyncContextFrame';
/** Node's own, whatever somebody puts in its place later. */
const storeOf = ownValue(AsyncLocalStorage.prototype, 'getStore') as (this: object) => unknown;

/** Walks from the roots, nearest things first, and sizes what holds many things. Runs no code of the service: no getters, no proxies, no iteration protocols of theirs. */
export class ContainerWalk {
  readonly #bounds: WalkBounds;
  readonly #scriptUrl: (scriptId: string) => string;
  readonly #budget: ScopeBudget;
  readonly #book: ContainerBook;
  readonly #tally: ClassTally;
  readonly #queue: WalkQueue;
  #isCutShort = false;

  constructor(
    scopes: ScopeReader,
    bounds: WalkBounds,
    scriptUrl: (scriptId: string) => string,
    exports: ReadonlyMap<unknown, Export>,
  ) {
    this.#bounds = bounds;
    this.#scriptUrl = scriptUrl;
    this.#budget = new ScopeBudget(scopes, bounds.scopeReadCount);
    this.#book = new ContainerBook(scriptUrl);
    this.#tally = new ClassTally(scriptUrl);
    this.#queue = new WalkQueue(this.#book, this.#budget, exports, bounds.depthCount);
  }

  /** True when a bound ended the walk before it had seen everything. */
  get isCutShort(): boolean {
    return this.#isCutShort;
  }

  get visitedCount(): number {
    return this.#queue.seenCount;
  }

  /** What the containers hold, by class and by place of functions: an estimate from the entries that were looked at. */
  get classes(): ClassCount[] {
    return this.#tally.largestFirst(CLASSES_KEPT);
  }

  /** The containers that can be reached from `roots`, largest first. */
  walk(roots: readonly Root[]): Container[] {
    for (const root of roots) this.#queue.addVariables(root);
    for (let round = this.#queue.takeRound(); round.length > 0; round = this.#queue.takeRound()) {
      for (const place of round) {
        this.#isCutShort = this.#queue.seenCount >= this.#bounds.visitedCount || !this.#bounds.isTimeLeft();
        if (this.#isCutShort) return this.#book.largestFirst();
        this.#visit(place);
      }
    }
    return this.#book.largestFirst();
  }

  #visit(place: Place): void {
    const { value } = place;
    if (!this.#queue.see(value)) return;
    if (typeof value === 'function') this.#visitFunction(place, value as AnyFunction);
    else if (Array.isArray(value)) this.#visitArray(place, value);
    else if (types.isMap(value)) this.#visitMap(place, value);
    else if (types.isSet(value)) this.#visitSet(place, value);
    else if (ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value)) this.#visitBuffer(place, value);
    else this.#visitObject(place, value);
  }

  #visitArray(place: Place, list: readonly unknown[]): void {
    const count = place.root.counts?.get(list) ?? list.length;
    const container = this.#recordCollection(
      place,
      count === list.length ? 'Array' : 'list',
      count,
      16 + count * 8,
      spread(list.length, ENTRIES_SIZED).map((i) => ownValue(list, i)),
    );
    const step = keyStep(count);
    const walked = spread(list.length, ENTRIES_WALKED);
    for (const i of walked)
      this.#queue.add(place, { step, container, weight: count / walked.length }, ownValue(list, i));
  }

  #visitMap(place: Place, map: ReadonlyMap<unknown, unknown>): void {
    const count = mapCount(map);
    const entries = firstOfMap(map, ENTRIES_WALKED);
    const sample = entries.slice(0, ENTRIES_SIZED).flat();
    const container = this.#recordCollection(place, 'Map', count, mapTableBytes(count), sample, 2);
    const way = { step: keyStep(count), container, weight: count / Math.max(1, entries.length) };
    for (const [key, value] of entries) {
      this.#queue.add(place, way, value);
      this.#queue.add(place, way, key);
    }
  }

  #visitSet(place: Place, set: ReadonlySet<unknown>): void {
    const count = setCount(set);
    const entries = firstOfSet(set, ENTRIES_WALKED);
    const sample = entries.slice(0, ENTRIES_SIZED);
    const container = this.#recordCollection(place, 'Set', count, setTableBytes(count), sample);
    const way = { step: keyStep(count), container, weight: count / Math.max(1, entries.length) };
    for (const value of entries) this.#queue.add(place, way, value);
  }

  #visitBuffer(place: Place, { byteLength }: ArrayBufferView | ArrayBufferLike): void {
    if (byteLength < CONTAINER_BYTES) return;
    this.#book.record({ kind: 'Buffer', count: byteLength, heapBytes: 0, externalBytes: byteLength }, place);
  }

  #visitObject(place: Place, target: object): void {
    const memoryBytes = wasmMemoryBytes(target);
    if (memoryBytes !== undefined) {
      const size = { count: memoryBytes, heapBytes: 0, externalBytes: memoryBytes };
      if (memoryBytes >= CONTAINER_BYTES) this.#book.record({ kind: 'WebAssembly memory', ...size }, place);
      return;
    }
    const exported = wasmExports(target);
    if (exported !== undefined) this.#queue.add(place, { step: nameStep('exports') }, exported);
    // The store that is in force where the service stands now.
    if (target instanceof AsyncLocalStorage)
      this.#queue.add(place, { step: STORE_STEP }, storeOf.call(target));
    const keys = ownKeys(target);
    if (keys.length > DICTIONARY_COUNT && isPlain(target)) {
      this.#visitDictionary(place, target, keys);
      return;
    }
    for (const key of keys.slice(0, PROPERTIES_WALKED)) {
      if (typeof key === 'string' && LINKS.has(key)) continue;
      const value = ownValue(target, key);
      if (typeof key === 'symbol' && key.description === STORES_SYMBOL) {
        this.#enqueueStores(place, value);
        continue;
      }
      this.#queue.add(place, { step: stepTo(key, keys.length) }, value);
      if (typeof key === 'string' && isWalkable(value)) this.#followList(place, target, key, value);
    }
    if (isPlain(target)) return;
    this.#enqueuePrivate(place, target);
    this.#enqueueShared(place, Object.getPrototypeOf(target));
  }

  /** What a class keeps on its prototype, for all its objects. */
  #enqueueShared(place: Place, prototype: unknown): void {
    if (!isWalkable(prototype) || !this.#queue.see(prototype)) return;
    for (const key of ownKeys(prototype).slice(0, PROPERTIES_WALKED)) {
      const value = ownValue(prototype, key);
      if (typeof value !== 'function') this.#queue.add(place, { step: stepTo(key, 1) }, value);
    }
  }

  #visitDictionary(place: Place, target: object, keys: readonly (string | symbol)[]): void {
    const walked = spread(keys.length, ENTRIES_WALKED).map((i) => keys[i] as string | symbol);
    const values = walked.map((key) => ownValue(target, key));
    const container =
      keys.length < CONTAINER_COUNT
        ? undefined
        : this.#recordCollection(
            place,
            'Object',
            keys.length,
            24 + keys.length * 56,
            values.slice(0, ENTRIES_SIZED),
          );
    const way = { step: keyStep(keys.length), container, weight: keys.length / walked.length };
    for (const value of values) this.#queue.add(place, way, value);
  }

  /** The stores an asynchronous thing will run with: a Map of Node's own, which is no container of the service. */
  #enqueueStores(place: Place, stores: unknown): void {
    if (!types.isMap(stores)) return;
    for (const [, store] of firstOfMap(stores, ENTRIES_WALKED))
      this.#queue.add(place, { step: STORE_STEP }, store);
  }

  /** A chain of like objects through one property is one container, not a depth of a million. */
  #followList(place: Place, head: object, link: string, second: object): void {
    const prototype = Object.getPrototypeOf(head) as object | null;
    if (Object.getPrototypeOf(second) !== prototype || !Object.hasOwn(second, link)) return;
    const before = place.parent?.value;
    // Its first member has counted it.
    if (
      before !== undefined &&
      ownValue(before, link) === head &&
      Object.getPrototypeOf(before) === prototype
    )
      return;
    const { isTimeLeft } = this.#bounds;
    const list = measureLinkedList(head, link, {
      known: ancestors(place),
      scopesOf: this.#budget.scopesOfSome(FUNCTIONS_SIZED),
      isTimeLeft,
    });
    if (list.count >= CONTAINER_COUNT) this.#book.record({ kind: 'list', ...list }, place);
  }

  #visitFunction(place: Place, target: AnyFunction): void {
    for (const key of ownKeys(target)) {
      if (!BORN_WITH.has(key)) this.#queue.add(place, { step: stepTo(key, 1) }, ownValue(target, key));
    }
    this.#enqueuePrivate(place, target);
    this.#enqueueShared(place, ownValue(target, 'prototype'));
    if (isNative(target)) return;
    const inside = this.#budget.inside(target);
    const { location, scopes } = inside;
    const url = location === undefined ? '' : this.#scriptUrl(location.scriptId);
    // Node's own variables lead through everything; the guard's are not the service's; of an unknown script it could be either.
    if (location === undefined || url === '' || url.startsWith('node:') || locateScript(url).isGuard) return;
    if (scopes.length > 0) rememberFunction(url, location, target);
    for (const root of scopeRoots(url, inside)) this.#queue.addVariables(root);
  }

  #enqueuePrivate(place: Place, target: object): void {
    if (!hasPrivateNames(target)) return;
    const fields = this.#budget.privateFields(target);
    for (const name of Object.keys(fields)) this.#queue.add(place, { step: nameStep(name) }, fields[name]);
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
    // What is in a container within another is part of that one's entries.
    const times = place.container === undefined ? count * valuesAnEntry * place.weight : 0;
    const known = new Set(ancestors(place));
    const mean = meanEntryBytes(
      sample,
      known,
      this.#budget.scopesOfSome(FUNCTIONS_SIZED),
      (target, meanCount, meanBytes) => {
        if (times === 0) return;
        this.#tally.add(target, meanCount * times, meanBytes * times, this.#budget.known(target));
      },
    );
    const heapBytes = tableBytes + mean.heapBytes * valuesAnEntry * count;
    const externalBytes = mean.externalBytes * valuesAnEntry * count;
    if (count < CONTAINER_COUNT && heapBytes + externalBytes < CONTAINER_BYTES) return undefined;
    const isUnread = this.#isUnread(sample);
    return this.#book.record({ kind, count, heapBytes, externalBytes, isUnread }, place);
  }

  /** True when the objects among some entries are responses whose bodies wait. */
  #isUnread(sample: readonly unknown[]): boolean {
    const some = sample.filter(isWalkable).slice(0, RESPONSES_READ);
    return some.length > 0 && some.every((entry) => isUnreadResponse(entry, this.#budget));
  }
}

function stepTo(key: string | symbol, fanOutCount: number): PathStep {
  if (typeof key === 'string') return nameStep(key, fanOutCount);
  return key.description === STORE_SYMBOL ? STORE_STEP : nameStep(key.description ?? 'symbol', fanOutCount);
}

function* ancestors(place: Place): Generator<object> {
  for (let at: Place | undefined = place; at !== undefined; at = at.parent) yield at.value;
}
