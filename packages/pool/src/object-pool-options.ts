import {
  type NumberRange,
  PlimsollError,
  requireBytes,
  requireCount,
  requireFunction,
  requireWord,
  withDefaults,
} from '@plimsoll/memory/holders';
import { type LeakDetection, leakDetections } from './leak-detector.ts';

/** The bound of what an {@link ObjectPool} keeps idle: a count, or bytes with the size of an object. At least one is required. */
export type ObjectPoolBound<T> =
  | {
      /** Idle objects kept at most; one more that comes back is dropped. Whole number from 0. */
      readonly maxIdleCount: number;
      readonly maxIdleBytes?: undefined;
      /**
       * Bytes one object holds with everything it alone refers to: a number, or a function that is asked as each object comes back.
       * @default an estimate from the first object created: see {@link estimateBytes}
       */
      readonly sizeOf?: number | ((object: T) => number);
    }
  | {
      readonly maxIdleCount?: number;
      /** Bytes of idle objects kept at most; an object that does not fit is dropped as it comes back. */
      readonly maxIdleBytes: number;
      readonly sizeOf: number | ((object: T) => number);
    };

/** How an {@link ObjectPool} makes, cleans and keeps its objects. */
export type ObjectPoolOptions<T extends object> = ObjectPoolBound<T> & {
  /** Makes one object. Called when nothing is idle; what it throws goes to whoever asked. Must return a new, extensible object each time. */
  readonly create: () => T;
  /** Cleans an object as it comes back, before anybody else gets it. If it throws, the object is dropped and the error goes to whoever released it. */
  readonly reset?: (object: T) => void;
  /**
   * Shown in `plimsoll top`, events and errors. A name from source code.
   * @default 'object-pool'
   */
  readonly name?: string;
  /**
   * Every so often half of the idle objects that nobody needed since the last time are dropped, so that a spike's objects are gone after a few intervals.
   * Milliseconds; 0 = never.
   * @default 10_000: long enough to keep what a request rate with a ten-second rhythm reuses
   */
  readonly decayMs?: number;
  /**
   * @default 'sampled'
   * @see LeakDetection
   */
  readonly leakDetection?: LeakDetection;
};

/** What {@link ObjectPoolOptions} are when left out. */
export const objectPoolDefaults: Readonly<{ name: string; decayMs: number; leakDetection: LeakDetection }> =
  Object.freeze({
    name: 'object-pool',
    decayMs: 10_000,
    leakDetection: 'sampled',
  });

/** {@link ObjectPoolOptions} with every default filled in and both bounds in place. */
export interface ResolvedObjectPoolOptions<T extends object> {
  readonly name: string;
  readonly create: () => T;
  readonly reset: ((object: T) => void) | undefined;
  readonly sizeOf: number | ((object: T) => number) | undefined;
  readonly maxIdleCount: number;
  readonly maxIdleBytes: number;
  readonly decayMs: number;
  readonly leakDetection: LeakDetection;
}

/**
 * The options with every default filled in.
 * @throws ERR_PLIMSOLL_OPTION when one has a value that cannot be used, or no bound is given.
 */
export function resolveObjectPoolOptions<T extends object>(
  options: ObjectPoolOptions<T>,
): ResolvedObjectPoolOptions<T> {
  const { name, create, reset, sizeOf, maxIdleCount, maxIdleBytes, decayMs, leakDetection } = withDefaults(
    objectPoolDefaults,
    options,
  );
  const boundBytes = idleBytesBound(maxIdleCount, maxIdleBytes, sizeOf);
  if (typeof sizeOf === 'number') requireBytes('sizeOf', sizeOf, 1);
  const fittingCount = typeof sizeOf === 'number' ? Math.floor(boundBytes / sizeOf) : Number.MAX_SAFE_INTEGER;
  return {
    name,
    create: requireFunction('create', create),
    reset: reset === undefined ? undefined : requireFunction('reset', reset),
    sizeOf,
    maxIdleCount:
      maxIdleCount === undefined
        ? fittingCount
        : Math.min(fittingCount, requireCount('maxIdleCount', maxIdleCount, idleCountRange)),
    maxIdleBytes: boundBytes,
    decayMs: requireCount('decayMs', decayMs, decayRange),
    leakDetection: requireWord('leakDetection', leakDetection, leakDetections),
  };
}

const idleCountRange = {
  min: 0,
  max: Number.MAX_SAFE_INTEGER,
  remedy: 'Say how much may stay idle.',
};

/** What `decayMs` of a pool may be. */
export const decayRange: NumberRange = {
  min: 0,
  max: 86_400_000,
  remedy: 'Give milliseconds; 0 keeps everything up to the bound.',
};

function idleBytesBound(
  maxIdleCount: number | undefined,
  maxIdleBytes: number | undefined,
  sizeOf: unknown,
): number {
  if (maxIdleBytes === undefined) {
    if (maxIdleCount !== undefined) return Number.POSITIVE_INFINITY;
    throw new PlimsollError(
      'ERR_PLIMSOLL_OPTION',
      'Neither maxIdleCount nor maxIdleBytes is given; a pool needs one of them. Say how much may stay idle.',
    );
  }
  if (sizeOf === undefined) {
    throw new PlimsollError(
      'ERR_PLIMSOLL_OPTION',
      'maxIdleBytes is given without sizeOf; expected the bytes of one object, as a number or a function. Give both, or maxIdleCount instead.',
    );
  }
  return requireBytes('maxIdleBytes', maxIdleBytes);
}
