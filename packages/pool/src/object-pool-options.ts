import type { LeakDetection } from './leak-detector.ts';

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
