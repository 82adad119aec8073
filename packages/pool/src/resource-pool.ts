// About 300 lines, a third of them the text of its members: where resources come from is in resource-supply.ts, how callers wait in waiting-line.ts.
import { performance } from 'node:perf_hooks';
import {
  type MemoryHolder,
  type PlimsollError,
  registerHolder,
  requireCount,
} from '@plimsoll/memory/holders';
import { type AcquireOptions, noAcquireOptions } from './acquire-options.ts';
import type { LeaseAccountable } from './expect-no-leaks.ts';
import { captureStack, type Entry, type HeldLease, LeakDetector, type LeaseWatch } from './leak-detector.ts';
import { publishPoolEvent } from './pool-events.ts';
import {
  abortedError,
  createFailedError,
  drainedError,
  queueFullError,
  waitedTooLongError,
} from './resource-errors.ts';
import { ResourceLease } from './resource-lease.ts';
import {
  requireFactory,
  resolveResourcePoolOptions,
  type ResourceFactory,
  resourceBytesDefault,
  type ResourcePoolOptions,
} from './resource-pool-options.ts';
import type { DrainReport, ResourcePoolStats } from './resource-pool-report.ts';
import type { ResourceSlot } from './resource-slot.ts';
import { ResourceSupply } from './resource-supply.ts';
import { readTurnClockMs } from './turn-clock.ts';
import { WaitHistogram } from './wait-histogram.ts';
import type { Waiter } from './waiter-queue.ts';
import { WaitingLine } from './waiting-line.ts';

/**
 * A bounded set of dear things that are used by one caller at a time: connections, workers, parsers. First come, first served; the resource used last is used
 * next, so that the surplus idles and is ended. Nobody waits for ever, and a caller that gives up takes no resource with it.
 * @example
 * const database = new ResourcePool({ create: connect, validate: (client) => client.isReady, destroy: (client) => client.close() }, { maxCount: 20 });
 * await using connection = await database.acquire({ signal });
 * await connection.resource.query('select 1');
 */
export class ResourcePool<T> implements MemoryHolder, LeaseAccountable {
  /** Shown in `plimsoll top`, events and errors. */
  readonly name: string;
  /** An idle resource costs a new connection: more than an idle buffer, less than a cached result. */
  readonly cost = 0.1;

  readonly #options: Required<ResourcePoolOptions>;
  readonly #resourceBytes: number;
  readonly #line: WaitingLine<ResourceLease<T>>;
  readonly #supply: ResourceSupply<T>;
  readonly #detector: LeakDetector;
  readonly #registration: Disposable;
  readonly #waits = new WaitHistogram();
  #drainReport: Promise<DrainReport> | undefined;
  #onEmpty: (() => void) | undefined;
  #leasedCount = 0;
  #leaseCount = 0;
  #timedOutCount = 0;

  /** @throws ERR_PLIMSOLL_OPTION when a member of the factory or an option has a value that cannot be used. */
  constructor(factory: ResourceFactory<T>, options: ResourcePoolOptions) {
    requireFactory(factory);
    this.#options = resolveResourcePoolOptions(options);
    this.#resourceBytes = factory.resourceBytes ?? resourceBytesDefault;
    this.name = this.#options.name;
    this.#line = this.#createLine();
    this.#supply = this.#createSupply(factory);
    this.#detector = new LeakDetector(this.name, this.#options.leakDetection);
    this.#registration = registerHolder(this, { weak: true });
    this.#supply.fill();
  }

  /**
   * A resource, at once when one is idle, else when this caller's turn comes.
   * Rejects with ERR_PLIMSOLL_TIMEOUT (cause: the last failed creation, if creations fail), ERR_PLIMSOLL_FACTORY (a creation failed), ERR_PLIMSOLL_LIMIT (too
   * many wait), ERR_PLIMSOLL_ABORTED (cause: the signal's reason), ERR_PLIMSOLL_DISPOSED (the pool drains), ERR_PLIMSOLL_OPTION.
   */
  acquire(options: AcquireOptions = noAcquireOptions): Promise<ResourceLease<T>> {
    if (options.signal?.aborted === true) return Promise.reject(abortedError(this.name, options.signal));
    if (this.#supply.phase !== 'open') return Promise.reject(drainedError(this.name));
    const nowMs = readTurnClockMs();
    const slot = this.#line.count > 0 ? undefined : this.#supply.takeIdle(nowMs);
    if (slot === undefined) return this.#wait(options, nowMs);
    const stack = this.#detector.claimStack(nowMs) ? captureStack(acquireEntry) : undefined;
    return Promise.resolve(this.#lend(slot, nowMs, options.label, stack));
  }

  /** A resource that is idle now and in good order, or undefined. Never waits, never passes a waiting caller; with an asynchronous `validate` always undefined. */
  tryAcquire(label?: string): ResourceLease<T> | undefined {
    if (this.#supply.phase !== 'open' || this.#line.count > 0) return undefined;
    const nowMs = readTurnClockMs();
    const slot = this.#supply.takeIdle(nowMs);
    if (slot === undefined) return undefined;
    const stack = this.#detector.claimStack(nowMs) ? captureStack(tryAcquireEntry) : undefined;
    return this.#lend(slot, nowMs, label, stack);
  }

  /** Runs `body` with a resource and gives it back, whatever `body` does. Rejects as {@link acquire} does, and with what `body` throws. */
  async use<R>(
    body: (resource: T) => PromiseLike<R> | R,
    options: AcquireOptions = noAcquireOptions,
  ): Promise<R> {
    const lease = await this.acquire(options);
    try {
      return await body(lease.resource);
    } finally {
      lease[Symbol.dispose]();
    }
  }

  /** Called by a lease as it ends. */
  takeBack(slot: ResourceSlot<T>, broken: boolean): void {
    // After the deadline of `drain` the resource is gone already, and its late holder need not know.
    if (slot.state !== 'leased') return;
    this.#unlend(slot);
    if (broken) this.#supply.end(slot, 'discarded');
    else this.#supply.offer(slot);
  }

  /** Bytes of the idle resources, by `resourceBytes`. */
  bytes(): number {
    return this.#supply.idleCount * this.#resourceBytes;
  }

  /** Ends idle resources above `minCount`, longest idle first, until about `targetBytes` are on their way out; returns those bytes. */
  reclaim(targetBytes: number): number {
    let reclaimedBytes = 0;
    while (reclaimedBytes < targetBytes && this.#supply.endSurplus()) reclaimedBytes += this.#resourceBytes;
    return reclaimedBytes;
  }

  /** Resources that are out now, lost ones included. */
  get leasedCount(): number {
    return this.#leasedCount;
  }

  /** Every lease that is out, with its label, its age and, when watched, its stack. */
  heldLeases(): HeldLease[] {
    const nowMs = performance.now();
    return this.#supply.leased().map(({ label, record, leasedAtMs }) => ({
      pool: this.name,
      label,
      stack: record?.stack,
      heldMs: Math.round(nowMs - leasedAtMs),
    }));
  }

  /** Watches every lease taken until the result is disposed. */
  watchEveryLease(): LeaseWatch {
    return this.#detector.watchEvery();
  }

  /** The counters now. */
  stats(): ResourcePoolStats {
    return {
      idleCount: this.#supply.idleCount,
      leasedCount: this.#leasedCount,
      pendingCount: this.#supply.slotCount - this.#supply.idleCount - this.#leasedCount,
      waiterCount: this.#line.count,
      leaseCount: this.#leaseCount,
      ...this.#supply.counts,
      timedOutCount: this.#timedOutCount,
      leakedCount: this.#detector.leakedCount,
      waits: this.#waits.read(),
    };
  }

  /**
   * Ends the pool: new callers are refused, waiting ones are served until the deadline, and each resource is ended as it comes back. At the deadline the rest is
   * ended under its holders, who are named in the report. Always resolves, at the deadline at the latest; a second call gets the first one's report.
   * @throws ERR_PLIMSOLL_OPTION when the deadline is not a whole number of milliseconds.
   */
  drain(deadlineMs = 10_000): Promise<DrainReport> {
    requireCount('deadlineMs', deadlineMs, { min: 0, max: 2 ** 31 - 1, remedy: 'Give milliseconds.' });
    this.#drainReport ??= this.#drain(deadlineMs);
    return this.#drainReport;
  }

  /** {@link drain} with its default deadline. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.drain();
  }

  #createLine(): WaitingLine<ResourceLease<T>> {
    const owner = {
      aborted: (signal: AbortSignal) => abortedError(this.name, signal),
      timedOut: (waiter: Waiter<ResourceLease<T>>, waitedMs: number) => this.#timedOut(waiter, waitedMs),
      gaveUp: () => this.#settleDrain(),
    };
    return new WaitingLine(owner, this.#options.acquireTimeoutMs);
  }

  #createSupply(factory: ResourceFactory<T>): ResourceSupply<T> {
    const line = this.#line;
    return new ResourceSupply(factory, this.#options, {
      get waiterCount(): number {
        return line.count;
      },
      serve: (slot, nowMs) => this.#serve(slot, nowMs),
      refuseFirst: (error) => line.shift()?.reject(createFailedError(this.name, error)),
      slotGone: () => this.#settleDrain(),
    });
  }

  #lend(
    slot: ResourceSlot<T>,
    nowMs: number,
    label: string | undefined,
    stack: string | undefined,
  ): ResourceLease<T> {
    slot.state = 'leased';
    slot.useCount += 1;
    slot.leasedAtMs = nowMs;
    slot.label = label;
    this.#leasedCount += 1;
    this.#leaseCount += 1;
    const lease = new ResourceLease<T>(this, slot);
    if (stack !== undefined) slot.record = this.#detector.track(lease, label, stack);
    return lease;
  }

  #unlend(slot: ResourceSlot<T>): void {
    if (slot.record !== undefined) {
      this.#detector.untrack(slot.record);
      slot.record = undefined;
    }
    this.#leasedCount -= 1;
  }

  #serve(slot: ResourceSlot<T>, nowMs: number): void {
    const waiter = this.#line.shift();
    if (waiter === undefined) return;
    this.#waits.record(nowMs - waiter.queuedAtMs);
    waiter.resolve(this.#lend(slot, nowMs, waiter.extras?.label, waiter.extras?.stack));
  }

  #wait(options: AcquireOptions, nowMs: number): Promise<ResourceLease<T>> {
    const { maxCount, maxWaiterCount } = this.#options;
    const waiterCount = this.#line.count;
    // A caller whose resource is on its way, or may be created at once, does not count as waiting.
    if (waiterCount >= maxWaiterCount + this.#supply.soonCount) {
      publishPoolEvent(this.name, 'queue-full', { waiterCount });
      return Promise.reject(queueFullError(this.name, waiterCount, maxCount, maxWaiterCount));
    }
    const stack = this.#detector.claimStack(nowMs) ? captureStack(acquireEntry) : undefined;
    let turn: Promise<ResourceLease<T>>;
    try {
      turn = this.#line.join(options, nowMs, stack);
    } catch (error) {
      return Promise.reject(error as PlimsollError);
    }
    this.#supply.holdRetry();
    this.#supply.fill();
    return turn;
  }

  #timedOut(waiter: Waiter<ResourceLease<T>>, waitedMs: number): PlimsollError {
    this.#timedOutCount += 1;
    publishPoolEvent(this.name, 'acquire-timed-out', { label: waiter.extras?.label ?? null, waitedMs });
    return waitedTooLongError({
      pool: this.name,
      waitedMs,
      maxCount: this.#options.maxCount,
      leasedCount: this.#leasedCount,
      creatingCount: this.#supply.creatingCount,
      failure: this.#supply.failure,
    });
  }

  async #drain(deadlineMs: number): Promise<DrainReport> {
    const startMs = performance.now();
    this.#registration[Symbol.dispose]();
    this.#supply.drain();
    await this.#untilEmpty(deadlineMs);
    this.#supply.close(drainedError(this.name));
    const leaked = this.heldLeases();
    const refusedCount = this.#line.refuseAll(() => drainedError(this.name));
    const complete = this.#supply.slotCount === 0 && refusedCount === 0;
    for (const slot of this.#supply.leased()) {
      this.#unlend(slot);
      this.#supply.end(slot, 'drained');
    }
    const elapsedMs = Math.round(performance.now() - startMs);
    publishPoolEvent(this.name, 'drained', { elapsedMs, leakedCount: leaked.length, refusedCount });
    return { complete, elapsedMs, leaked, refusedCount };
  }

  #untilEmpty(deadlineMs: number): Promise<void> {
    return new Promise((resolve) => {
      // Holds the process until the deadline at the latest: whoever drains wants the report.
      const timer = setTimeout(resolve, deadlineMs);
      this.#onEmpty = () => {
        clearTimeout(timer);
        resolve();
      };
      this.#settleDrain();
    });
  }

  #settleDrain(): void {
    const ending = this.#supply.phase === 'draining';
    if (ending && this.#supply.slotCount === 0 && this.#line.count === 0) this.#onEmpty?.();
  }
}

const acquireEntry = Reflect.get(ResourcePool.prototype, 'acquire') as Entry;
const tryAcquireEntry = Reflect.get(ResourcePool.prototype, 'tryAcquire') as Entry;
