import {
  countRange,
  durationRange,
  requireCount,
  requireFunction,
  requireWord,
  withDefaults,
} from '@plimsoll/memory/holders';
import { type LeakDetection, leakDetections } from './leak-detector.ts';

/** How a {@link ResourcePool} makes, checks and ends its resources. */
export interface ResourceFactory<T> {
  /**
   * Makes one resource. `signal` is aborted when `factoryTimeoutMs` has passed or the pool has drained. A rejection goes to the caller that has waited longest,
   * as the cause of ERR_PLIMSOLL_FACTORY, and the next creation waits 50 ms, doubling up to 5 s.
   */
  readonly create: (context: { readonly signal: AbortSignal }) => PromiseLike<T> | T;
  /**
   * True when the resource can be handed out. Asked before every lease; a resource that fails (or throws) is destroyed and replaced. An answer that is not a
   * promise costs nothing.
   */
  readonly validate?: (resource: T) => PromiseLike<boolean> | boolean;
  /** Ends one resource. What it throws goes to the channel `plimsoll:pool`; the permit is free in any case, after `factoryTimeoutMs` at the latest. */
  readonly destroy?: (resource: T) => unknown;
  /**
   * Bytes one idle resource holds in this process.
   * @default 65_536: a TLS connection with its buffers and parser
   */
  readonly resourceBytes?: number;
}

/** How many resources a {@link ResourcePool} keeps, for how long, and how long callers wait. */
export interface ResourcePoolOptions {
  /** Resources that exist at most. Whole number from 1. */
  readonly maxCount: number;
  /**
   * Resources kept ready even when nobody asks. 0 to `maxCount`.
   * @default 0
   */
  readonly minCount?: number;
  /**
   * Callers that wait at most; one more is refused at once with ERR_PLIMSOLL_LIMIT. Infinity = no bound.
   * @default 10_000: about 3 MB of waiting callers
   */
  readonly maxWaiterCount?: number;
  /**
   * How long a caller waits before ERR_PLIMSOLL_TIMEOUT. Milliseconds, or Infinity. `acquire({ timeoutMs })` overrides it.
   * @default 30_000: HikariCP’s connectionTimeout
   */
  readonly acquireTimeoutMs?: number;
  /**
   * An idle resource above `minCount` is ended after this, or up to half as much later. Milliseconds, or Infinity.
   * @default 60_000: below the idle time-outs of common load balancers and firewalls
   */
  readonly idleMs?: number;
  /**
   * A resource older than this is ended when it is next idle; each one's limit is up to 10 % less, at random, so that they do not end together. Milliseconds,
   * or Infinity.
   * @default 1_800_000: HikariCP’s maxLifetime
   */
  readonly maxLifetimeMs?: number;
  /**
   * A resource is ended after so many leases; up to 10 % less, at random. Infinity = no bound.
   * @default Infinity
   */
  readonly maxUseCount?: number;
  /**
   * How long one call of `create`, `validate` or `destroy` may take before its permit is used otherwise. Milliseconds.
   * @default 30_000
   */
  readonly factoryTimeoutMs?: number;
  /**
   * Shown in `plimsoll top`, events and errors. A name from source code.
   * @default 'resource-pool'
   */
  readonly name?: string;
  /**
   * @default 'sampled'
   * @see LeakDetection
   */
  readonly leakDetection?: LeakDetection;
}

/** What {@link ResourcePoolOptions} are when left out. */
export const resourcePoolDefaults: Readonly<Required<Omit<ResourcePoolOptions, 'maxCount'>>> = Object.freeze({
  minCount: 0,
  maxWaiterCount: 10_000,
  acquireTimeoutMs: 30_000,
  idleMs: 60_000,
  maxLifetimeMs: 1_800_000,
  maxUseCount: Number.POSITIVE_INFINITY,
  factoryTimeoutMs: 30_000,
  name: 'resource-pool',
  leakDetection: 'sampled',
});

/** {@link ResourceFactory.resourceBytes} when left out. */
export const resourceBytesDefault = 65_536;

/**
 * The options with every default filled in.
 * @throws ERR_PLIMSOLL_OPTION when one has a value that cannot be used.
 */
export function resolveResourcePoolOptions(options: ResourcePoolOptions): Required<ResourcePoolOptions> {
  const given = withDefaults(resourcePoolDefaults, options);
  const count = { ...countRange, unbounded: true };
  const maxCount = requireCount('maxCount', given.maxCount, {
    min: 1,
    max: 1_000_000,
    remedy: 'Say how many resources may exist at once.',
  });
  return {
    maxCount,
    minCount: requireCount('minCount', given.minCount, {
      min: 0,
      max: maxCount,
      remedy: 'Keep at most maxCount ready.',
    }),
    maxWaiterCount: requireCount('maxWaiterCount', given.maxWaiterCount, { ...count, min: 0 }),
    acquireTimeoutMs: requireCount('acquireTimeoutMs', given.acquireTimeoutMs, durationRange),
    idleMs: requireCount('idleMs', given.idleMs, durationRange),
    maxLifetimeMs: requireCount('maxLifetimeMs', given.maxLifetimeMs, durationRange),
    maxUseCount: requireCount('maxUseCount', given.maxUseCount, count),
    factoryTimeoutMs: requireCount('factoryTimeoutMs', given.factoryTimeoutMs, {
      ...durationRange,
      unbounded: false,
    }),
    name: given.name,
    leakDetection: requireWord('leakDetection', given.leakDetection, leakDetections),
  };
}

/**
 * `factory`, when its members can be called.
 * @throws ERR_PLIMSOLL_OPTION when one cannot.
 */
export function requireFactory<T>(factory: ResourceFactory<T>): ResourceFactory<T> {
  requireFunction('create', factory.create);
  if (factory.validate !== undefined) requireFunction('validate', factory.validate);
  if (factory.destroy !== undefined) requireFunction('destroy', factory.destroy);
  return factory;
}
