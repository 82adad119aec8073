import { types } from 'node:util';
import { firstOfMap, firstOfSet, mapCount, setCount } from './entry-sample.ts';
import { type AnyFunction, isNative, isWalkable, ownKeys, ownValue } from './own-values.ts';
import { wasmMemoryBytes } from './wasm-memory.ts';

/** Estimated bytes of objects: on V8's heap, and beside it in Buffers. */
export interface EstimatedBytes {
  readonly heapBytes: number;
  readonly externalBytes: number;
}

/** How many objects are looked at for one entry of a container. */
const OBJECTS_AN_ENTRY = 200;
/** How many elements of an array or map inside an entry are looked at; the rest counts as their mean. */
const ELEMENTS_SAMPLED = 16;
const WORD_BYTES = 8;
const HEADER_BYTES = 24;
/** From so many characters on V8 leaves texts that were put together in pieces: how many cannot be seen, so half of them are thought to be. */
const SHORTEST_ROPE = 13;
const ROPE_BYTES = 16;
/** A resolving function keeps its context, its promise, the reactions and the suspended functions that wait for it; none of these can be seen. */
const RESOLVER_BYTES = 480;

/** Links of Node's timer lists: every timer leads to all others. */
export const LIST_LINKS: ReadonlySet<string | symbol> = new Set(['_idleNext', '_idlePrev']);

/** Something still to be sized, and how many like it it stands for. */
interface Pending {
  readonly value: unknown;
  readonly weight: number;
}

/** Adds what is to be sized as well, standing for so many. */
type Push = (inner: unknown, times?: number) => void;

/** An object or text under one entry. */
interface Sized {
  readonly bytes: number;
  /** How many like it it stands for. */
  readonly weight: number;
}

interface Sizes {
  readonly heap: Map<object | string, Sized>;
  externalBytes: number;
  primitiveBytes: number;
  /** False when a function in it could not be read any more. */
  isWhole: boolean;
}

/** Reads the scope variables of a function; undefined for those that are too many to be read: they are thought to be like those that were. */
export type ScopesOf = (target: AnyFunction) => readonly object[] | undefined;

/** Told of each object that an entry holds for itself, with how many like it an entry holds on average, and their bytes. */
export type OnObject = (target: object, meanCount: number, meanBytes: number) => void;

/**
 * Estimates what an entry of a container holds, from a few of its entries: the mean over the sample, without what more than one of them shares (a common configuration object is
 * not the entry's) and without `known`, what leads to the container itself. An estimate for ranking, within a factor of two on the shapes of the tests; not an account.
 */
export function meanEntryBytes(
  entries: readonly unknown[],
  known: ReadonlySet<object>,
  scopesOf: ScopesOf,
  onObject?: OnObject,
): EstimatedBytes {
  if (entries.length === 0) return { heapBytes: 0, externalBytes: 0 };
  const all = entries.map((entry) => measure(entry, known, scopesOf));
  const whole = all.filter(({ isWhole }) => isWhole);
  const sizes = whole.length > 0 ? whole : all;
  const seen = new Map<object | string, number>();
  for (const { heap } of sizes)
    for (const target of heap.keys()) seen.set(target, (seen.get(target) ?? 0) + 1);
  let heapBytes = 0;
  let externalBytes = 0;
  for (const { heap, externalBytes: external, primitiveBytes } of sizes) {
    heapBytes += primitiveBytes;
    externalBytes += external;
    for (const [target, { bytes, weight }] of heap) {
      if (seen.get(target) !== 1) continue;
      heapBytes += bytes;
      if (typeof target === 'object' || typeof target === 'function')
        onObject?.(target, weight / sizes.length, bytes / sizes.length);
    }
  }
  return { heapBytes: heapBytes / sizes.length, externalBytes: externalBytes / sizes.length };
}

function measure(entry: unknown, known: ReadonlySet<object>, scopesOf: ScopesOf): Sizes {
  const sizes: Sizes = { heap: new Map(), externalBytes: 0, primitiveBytes: 0, isWhole: true };
  const pending: Pending[] = [{ value: entry, weight: 1 }];
  while (pending.length > 0 && sizes.heap.size < OBJECTS_AN_ENTRY) {
    const { value, weight } = pending.pop() as Pending;
    if (typeof value === 'string') {
      // Equal texts in several entries are most often one string: a role, a path, a constant.
      sizes.heap.set(value, { bytes: weight * primitiveBytes(value), weight });
    } else if (!isWalkable(value)) {
      sizes.primitiveBytes += weight * primitiveBytes(value);
    } else if (!known.has(value) && !sizes.heap.has(value)) {
      const push = (inner: unknown, times = 1): void =>
        void pending.push({ value: inner, weight: weight * times });
      sizes.heap.set(value, { bytes: weight * objectBytes(value, push, sizes, weight, scopesOf), weight });
    }
  }
  return sizes;
}

/** The two functions of `new Promise` have no name and no source. */
function isResolver(target: object): boolean {
  return ownValue(target, 'name') === '' && isNative(target as AnyFunction);
}

function primitiveBytes(value: unknown): number {
  if (typeof value === 'string')
    return HEADER_BYTES + value.length + (value.length < SHORTEST_ROPE ? 0 : ROPE_BYTES);
  if (typeof value === 'number') return Number.isInteger(value) && Math.abs(value) < 2 ** 31 ? 0 : 16;
  return typeof value === 'bigint' ? 32 : 0;
}

/** Own bytes of one object; what it points to is pushed. */
function objectBytes(target: object, push: Push, sizes: Sizes, weight: number, scopesOf: ScopesOf): number {
  if (typeof target === 'function') {
    if (isResolver(target)) return RESOLVER_BYTES;
    const scopes = scopesOf(target as AnyFunction);
    if (scopes === undefined) {
      sizes.isWhole = false;
      return 64;
    }
    for (const scope of scopes) for (const key of ownKeys(scope)) push(ownValue(scope, key));
    return 64 + scopes.length * 40;
  }
  if (Array.isArray(target)) return 32 + elementsBytes(target, push);
  if (types.isMap(target))
    return tableSize(mapCount(target), mapTableBytes, firstOfMap(target, ELEMENTS_SAMPLED), push);
  if (types.isSet(target))
    return tableSize(
      setCount(target),
      setTableBytes,
      firstOfSet(target, ELEMENTS_SAMPLED).map((member) => [member]),
      push,
    );
  if (ArrayBuffer.isView(target) || types.isAnyArrayBuffer(target)) {
    sizes.externalBytes += weight * target.byteLength;
    return 120;
  }
  if (types.isPromise(target)) return 72;
  const memoryBytes = wasmMemoryBytes(target);
  if (memoryBytes !== undefined) {
    sizes.externalBytes += weight * memoryBytes;
    return 120;
  }
  const keys = ownKeys(target);
  for (const key of keys.slice(0, 64)) if (!LIST_LINKS.has(key)) push(ownValue(target, key));
  return HEADER_BYTES + keys.length * (keys.length > 64 ? 4 * WORD_BYTES : WORD_BYTES);
}

/** Of a long array one element in so many is looked at, and stands for those between. */
function elementsBytes(target: readonly unknown[], push: Push): number {
  const step = Math.max(1, Math.floor(target.length / ELEMENTS_SAMPLED));
  for (let i = 0; i < target.length; i += step) if (Object.hasOwn(target, i)) push(target[i], step);
  return target.length * WORD_BYTES;
}

/** The rest of a long table is thought to be like its beginning. */
function tableSize(
  count: number,
  bytesOfTable: (count: number) => number,
  entries: readonly (readonly unknown[])[],
  push: Push,
): number {
  const times = Math.max(1, count / ELEMENTS_SAMPLED);
  for (const parts of entries) for (const part of parts) push(part, times);
  return bytesOfTable(count);
}

/** The table of a Map of so many entries: key, value, chain and half a bucket for each of its places. */
export function mapTableBytes(count: number): number {
  return 56 + placesOf(count) * 28;
}

/** The table of a Set of so many members. */
export function setTableBytes(count: number): number {
  return 56 + placesOf(count) * 20;
}

/** V8 doubles the table of a Map when it is full: a leak that has just made it double has grown by the table, not by an entry. */
function placesOf(count: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(4, count)));
}
