import { types } from 'node:util';
import { getHeapStatistics } from 'node:v8';
import { formatBytes, journal } from '@plimsoll/memory';
import { openInspector } from '../inspector/inspector.ts';
import { mallocTrim } from '../native/malloc-trim.ts';
import { scriptUrls } from '../near-limit/near-limit-hook.ts';
import { type HeapShape, readHeapShape } from '../snapshot/heap-shape.ts';
import { type ClassCount, ClassTally } from './class-tally.ts';
import { spread } from './entry-sample.ts';
import type { AnyFunction } from './own-values.ts';
import { ScopeReader } from './scope-reader.ts';

/** What counting all objects would cost. */
export interface FullCensusCost {
  /** Resident memory at worst. */
  readonly peakBytes: number;
  /** What of it stays: all, or pages that are only partly free after {@link mallocTrim}. */
  readonly residueBytes: number;
  /** Of V8's own heap, for the list of all objects. */
  readonly listBytes: number;
  /** CPU milliseconds during which the service stands still, as expected. */
  readonly pauseMs: number;
}

/** What a full census has to keep to. */
export interface FullCensusTerms {
  readonly reason: string;
  /** What the container has free. */
  readonly headroomBytes: number;
  /** What is left of the container beside the heap when that is as full as it may be: what the census leaves resident must fit. @default headroomBytes */
  readonly besideHeapBytes?: number;
  /** The longest the service may stand still. */
  readonly maxPauseMs: number;
  /** CPU the container may use, in cores; below 1 the pause is longer than its CPU time. @default 1 */
  readonly cpuQuotaCores?: number;
}

/** How many objects of each class there are in the whole heap, reachable by a name or not. Written as `full` in `census.json`. */
export interface FullCensus {
  readonly schemaVersion: 1;
  readonly atMs: number;
  readonly reason: string;
  readonly heapUsedBytes: number;
  /** Objects and functions; texts, numbers and objects without prototype are not counted. */
  readonly objectCount: number;
  /** Most objects first, at most 100; functions by their place, scaled from some of them. */
  readonly classes: readonly Omit<ClassCount, 'bytes'>[];
  readonly tookMs: number;
}

/** A full census that does not fit, with a sentence for each reason. */
export interface FullCensusRefusal {
  readonly refusals: readonly string[];
}

/** V8's list of its objects takes 72–98 bytes of resident memory for each; least heap bytes an object, of tiny ones: 44 (Node 20–26). */
const OBJECT_RESIDENT_BYTES = 100;
const LEAST_OBJECT_BYTES = 44;
const USUAL_OBJECT_BYTES = 64;
const OBJECT_LIST_BYTES = 24;
const FLAT_BYTES = 6e6;
const TRIMMED_RESIDUE_BYTES = 8e6;
/** 0.5–1 µs an object, after a collection of 40 ms. */
const OBJECT_MICROS = 1;
const FLAT_MS = 50;
/** Never spent. */
const RESERVE_BYTES = 8 * 1024 * 1024;
const CLASSES_KEPT = 100;
const FUNCTIONS_LOCATED = 300;
const OBJECT_GROUP = 'plimsoll-census';

/** Predicts what {@link takeFullCensus} costs on a heap of this shape. */
export function predictFullCensusCost(shape: HeapShape): FullCensusCost {
  // What is large is texts and arrays: few objects.
  const smallBytes = Math.max(0, shape.heapUsedBytes - shape.largeObjectBytes);
  const mostCount = smallBytes / LEAST_OBJECT_BYTES;
  const peakBytes = Math.round(mostCount * OBJECT_RESIDENT_BYTES + FLAT_BYTES);
  return {
    peakBytes,
    residueBytes: mallocTrim().available ? Math.min(peakBytes, TRIMMED_RESIDUE_BYTES) : peakBytes,
    listBytes: Math.round(mostCount * OBJECT_LIST_BYTES + FLAT_BYTES),
    pauseMs: Math.round((smallBytes / USUAL_OBJECT_BYTES) * (OBJECT_MICROS / 1000) + FLAT_MS),
  };
}

/**
 * Counts all objects by class and all functions by place, if its predicted cost fits: 5 to 20 times less than a heap snapshot, and for small heaps only. Stops the service
 * meanwhile. Never throws.
 */
export function takeFullCensus(terms: FullCensusTerms): FullCensus | FullCensusRefusal {
  const refusals = judge(predictFullCensusCost(readHeapShape()), terms);
  if (refusals.length > 0) {
    journal().write('inspect', 'full-census-refused', { reason: refusals.join(' ') });
    return { refusals };
  }
  const beganMs = performance.now();
  try {
    const objects = listObjects();
    if (objects === undefined) return { refusals: ['V8 does not list its objects here.'] };
    const { used_heap_size: heapUsedBytes } = getHeapStatistics();
    const classes = countClasses(objects);
    const objectCount = objects.length;
    const tookMs = performance.now() - beganMs;
    journal().write('inspect', 'full-census', { reason: terms.reason, objectCount, tookMs });
    return {
      schemaVersion: 1,
      atMs: Date.now(),
      reason: terms.reason,
      heapUsedBytes,
      objectCount,
      classes,
      tookMs,
    };
  } catch (error) {
    return { refusals: [`The census failed: ${error instanceof Error ? error.message : String(error)}.`] };
  } finally {
    openInspector().tryAsk('Runtime.releaseObjectGroup', { objectGroup: OBJECT_GROUP });
    mallocTrim().trim();
  }
}

function judge(cost: FullCensusCost, terms: FullCensusTerms): string[] {
  const { headroomBytes, besideHeapBytes = headroomBytes, maxPauseMs, cpuQuotaCores = 1 } = terms;
  const { heap_size_limit: heapLimitBytes, used_heap_size: heapUsedBytes } = getHeapStatistics();
  const pauseMs = Math.round(cost.pauseMs / Math.min(1, cpuQuotaCores > 0 ? cpuQuotaCores : 1));
  const freeBytes = Math.max(0, headroomBytes - RESERVE_BYTES);
  const heapFreeBytes = Math.max(0, heapLimitBytes - heapUsedBytes);
  const refusals: string[] = [];
  if (!(cost.peakBytes <= freeBytes))
    refusals.push(
      `A full census may need ${formatBytes(cost.peakBytes)}; ${formatBytes(freeBytes)} can be used.`,
    );
  if (!(cost.residueBytes <= besideHeapBytes))
    refusals.push(
      `It may leave ${formatBytes(cost.residueBytes)} resident; beside the full heap there is room for ${formatBytes(Math.max(0, besideHeapBytes))}.`,
    );
  if (!(cost.listBytes <= heapFreeBytes))
    refusals.push(
      `Its list may need ${formatBytes(cost.listBytes)} of V8's heap; ${formatBytes(heapFreeBytes)} are free.`,
    );
  if (!(pauseMs <= maxPauseMs))
    refusals.push(
      `The service would stand still for about ${pauseMs} ms for it; ${Math.round(maxPauseMs)} ms are allowed.`,
    );
  return refusals;
}

/** Every object that inherits from `Object.prototype`, as an array of V8's. */
function listObjects(): ArrayLike<object> | undefined {
  const inspector = openInspector();
  using scopes = new ScopeReader();
  const prototype = inspector.tryAsk<{ result: { objectId?: string } }>('Runtime.evaluate', {
    expression: 'Object.prototype',
    objectGroup: OBJECT_GROUP,
    silent: true,
  });
  const prototypeObjectId = prototype?.result.objectId;
  if (prototypeObjectId === undefined) return undefined;
  const found = inspector.tryAsk<{ objects: { objectId?: string } }>('Runtime.queryObjects', {
    prototypeObjectId,
    objectGroup: OBJECT_GROUP,
  });
  const listId = found?.objects.objectId;
  return listId === undefined ? undefined : (scopes.valueOf(listId) as ArrayLike<object>);
}

function countClasses(objects: ArrayLike<object>): FullCensus['classes'] {
  const byPrototype = new Map<unknown, { readonly sample: object; count: number }>();
  const functions: object[] = [];
  for (let i = 0; i < objects.length; i += 1) {
    const target = objects[i] as object;
    if (typeof target === 'function') {
      functions.push(target);
      continue;
    }
    const prototype: unknown = types.isProxy(target) ? types.isProxy : Object.getPrototypeOf(target);
    const known = byPrototype.get(prototype);
    if (known === undefined) byPrototype.set(prototype, { sample: target, count: 1 });
    else known.count += 1;
  }
  const urls = scriptUrls();
  const tally = new ClassTally((scriptId) => urls.get(scriptId) ?? '');
  for (const { sample, count } of byPrototype.values()) tally.add(sample, count, 0);
  using scopes = new ScopeReader();
  const located = spread(functions.length, FUNCTIONS_LOCATED);
  for (const index of located) {
    const target = functions[index] as AnyFunction;
    tally.add(target, functions.length / located.length, 0, {
      location: scopes.locationOf(target),
      scopes: [],
    });
  }
  return tally.largestFirst(CLASSES_KEPT).map(({ bytes: _none, ...counted }) => counted);
}
