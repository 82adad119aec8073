// One file of more than 200 lines: the promise of this class is that no permit is ever lost, and that can be checked only where every change of a slot's state
// is on one page. What can stand alone (the line of waiters, its clock, the back-off, the lease) does.
import { performance } from 'node:perf_hooks';
import { type MemoryHolder, PlimsollError, registerHolder } from '@plimsoll/memory';
import { CreateBackoff } from './create-backoff.ts';
import { withDeadline } from './deadline.ts';
import type { LeaseAccountable } from './expect-no-leaks.ts';
import { captureStack, type Entry, type HeldLease, LeakDetector, type LeaseWatch } from './leak-detector.ts';
import { publishPoolEvent } from './pool-events.ts';
import { requireCount } from './require-option.ts';
import { ResourceLease } from './resource-lease.ts';
import {
  requireFactory,
  resolveResourcePoolOptions,
  type ResourceFactory,
  resourceBytesDefault,
  type ResourcePoolOptions,
} from './resource-pool-options.ts';
import { ResourceSlot } from './resource-slot.ts';
import { readTurnClockMs } from './turn-clock.ts';
import { WaitClock } from './wait-clock.ts';
import { WaitHistogram, type WaitTimes } from './wait-histogram.ts';
import { Waiter, type WaiterExtras, WaiterQueue } from './waiter-queue.ts';

/** How one call of {@link ResourcePool.acquire} waits. */
export interface AcquireOptions {
  /** Ends the wait: the caller gets ERR_PLIMSOLL_ABORTED, and the resource that comes goes to the next. */
  readonly signal?: AbortSignal;
  /**
   * Milliseconds, or Infinity.
   * @default the pool's acquireTimeoutMs
   */
  readonly timeoutMs?: number;
  /** Who asks, for events, errors and the report of {@link ResourcePool.drain}: a name from source code. Costs nothing, where a stack costs 5 to 10 µs. */
  readonly label?: string;
}

/** What {@link ResourcePool.drain} came to. */
export interface DrainReport {
  /** True when every lease came back and every resource was ended within the deadline. */
  readonly complete: boolean;
  readonly elapsedMs: number;
  /** The leases that did not come back, with label and, when watched, the stack they were taken at. Their resources were ended all the same. */
  readonly leaked: readonly HeldLease[];
  /** Callers that still waited at the deadline and were refused. */
  readonly refusedCount: number;
}

/** The counters of a {@link ResourcePool}. */
export interface ResourcePoolStats {
  readonly idleCount: number;
  readonly leasedCount: number;
  /** Resources being created, checked or ended; each holds one of the `maxCount` permits. */
  readonly pendingCount: number;
  readonly waiterCount: number;
  /** Leases given since the pool began. */
  readonly leaseCount: number;
  readonly createdCount: number;
  readonly createFailedCount: number;
  readonly destroyedCount: number;
  readonly timedOutCount: number;
  /** Watched leases that were collected without having been given back. */
  readonly leakedCount: number;
  /** How long queued callers waited until they were served. A caller served at once is not in it. */
  readonly waits: WaitTimes;
}

type EndReason = 'idle' | 'spent' | 'invalid' | 'discarded' | 'reclaimed' | 'drained';

const noOptions: AcquireOptions = Object.freeze({});
/** Up to this share of its life or uses a resource ends early, at random. */
const JITTER_RATIO = 0.1;
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

  readonly #factory: ResourceFactory<T>;
  readonly #options: Required<ResourcePoolOptions>;
  readonly #resourceBytes: number;
  readonly #slots = new Set<ResourceSlot<T>>();
  readonly #idle: ResourceSlot<T>[] = [];
  readonly #queue = new WaiterQueue<ResourceLease<T>>();
  readonly #clock: WaitClock<ResourceLease<T>>;
  readonly #backoff = new CreateBackoff();
  readonly #detector: LeakDetector;
  readonly #registration: Disposable;
  readonly #waits = new WaitHistogram();
  #phase: 'open' | 'draining' | 'closed' = 'open';
  #drainReport: Promise<DrainReport> | undefined;
  #onEmpty: (() => void) | undefined;
  #retryTimer: NodeJS.Timeout | undefined;
  #sweepTimer: NodeJS.Timeout | undefined;
  #creatingCount = 0;
  #checkingCount = 0;
  #endingCount = 0;
  #leasedCount = 0;
  #leaseCount = 0;
  #createdCount = 0;
  #createFailedCount = 0;
  #destroyedCount = 0;
  #timedOutCount = 0;

  /** @throws ERR_PLIMSOLL_OPTION when a member of the factory or an option has a value that cannot be used. */
  constructor(factory: ResourceFactory<T>, options: ResourcePoolOptions) {
    this.#factory = requireFactory(factory);
    this.#options = resolveResourcePoolOptions(options);
    this.#resourceBytes = factory.resourceBytes ?? resourceBytesDefault;
    this.name = this.#options.name;
    this.#clock = new WaitClock(this.#queue, this.#options.acquireTimeoutMs, (waiter) =>
      this.#expire(waiter),
    );
    this.#detector = new LeakDetector(this.name, this.#options.leakDetection);
    this.#registration = registerHolder(this, { weak: true });
    this.#supply();
  }

  /**
   * A resource, at once when one is idle, else when this caller's turn comes.
   * Rejects with ERR_PLIMSOLL_TIMEOUT (cause: the last failed creation, if creations fail), ERR_PLIMSOLL_FACTORY (a creation failed), ERR_PLIMSOLL_LIMIT (too
   * many wait), ERR_PLIMSOLL_ABORTED (cause: the signal's reason), ERR_PLIMSOLL_DISPOSED (the pool drains), ERR_PLIMSOLL_OPTION.
   */
  acquire(options: AcquireOptions = noOptions): Promise<ResourceLease<T>> {
    if (options.signal?.aborted === true) return Promise.reject(abortedError(this.name, options.signal));
    if (this.#phase !== 'open') return Promise.reject(this.#closedError());
    const nowMs = readTurnClockMs();
    const slot = this.#takeIdle(nowMs);
    if (slot === undefined) return this.#wait(options, nowMs);
    const stack = this.#detector.claimStack(nowMs) ? captureStack(acquireEntry) : undefined;
    return Promise.resolve(this.#lend(slot, nowMs, options.label, stack));
  }

  /** A resource that is idle now and in good order, or undefined. Never waits, never passes a waiting caller; with an asynchronous `validate` always undefined. */
  tryAcquire(label?: string): ResourceLease<T> | undefined {
    if (this.#phase !== 'open') return undefined;
    const nowMs = readTurnClockMs();
    const slot = this.#takeIdle(nowMs);
    if (slot === undefined) return undefined;
    const stack = this.#detector.claimStack(nowMs) ? captureStack(tryAcquireEntry) : undefined;
    return this.#lend(slot, nowMs, label, stack);
  }

  /** Runs `body` with a resource and gives it back, whatever `body` does. Rejects as {@link acquire} does, and with what `body` throws. */
  async use<R>(body: (resource: T) => PromiseLike<R> | R, options: AcquireOptions = noOptions): Promise<R> {
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
    if (slot.record !== undefined) {
      this.#detector.untrack(slot.record);
      slot.record = undefined;
    }
    this.#leasedCount -= 1;
    if (broken) this.#end(slot, 'discarded');
    else this.#offer(slot, false);
  }

  /** Bytes of the idle resources, by `resourceBytes`. */
  bytes(): number {
    return this.#idle.length * this.#resourceBytes;
  }

  /** Ends idle resources above `minCount`, longest idle first, until about `targetBytes` are on their way out; returns those bytes. */
  reclaim(targetBytes: number): number {
    const beforeBytes = this.bytes();
    while (beforeBytes - this.bytes() < targetBytes && this.#idle.length > 0 && this.#surplusCount > 0) {
      const slot = this.#idle.shift();
      if (slot !== undefined) this.#end(slot, 'reclaimed');
    }
    return beforeBytes - this.bytes();
  }

  /** Resources that are out now, lost ones included. */
  get leasedCount(): number {
    return this.#leasedCount;
  }

  /** Every lease that is out, with its label, its age and, when watched, its stack. */
  heldLeases(): HeldLease[] {
    const nowMs = performance.now();
    return [...this.#slots]
      .filter(({ state }) => state === 'leased')
      .map(({ label, record, leasedAtMs }) => ({
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
      idleCount: this.#idle.length,
      leasedCount: this.#leasedCount,
      pendingCount: this.#slots.size - this.#idle.length - this.#leasedCount,
      waiterCount: this.#queue.count,
      leaseCount: this.#leaseCount,
      createdCount: this.#createdCount,
      createFailedCount: this.#createFailedCount,
      destroyedCount: this.#destroyedCount,
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

  // ---- demand: callers and what they are given ----

  /** An idle resource that is fresh and valid. Those that are not are ended on the way. */
  #takeIdle(nowMs: number): ResourceSlot<T> | undefined {
    if (this.#queue.count > 0) return undefined;
    for (let slot = this.#idle.pop(); slot !== undefined; slot = this.#idle.pop()) {
      if (slot.expired(nowMs)) this.#end(slot, 'spent');
      else {
        const valid = this.#validate(slot);
        if (valid === true) return slot;
        if (valid === false) this.#end(slot, 'invalid');
        else {
          this.#check(slot, valid);
          return undefined;
        }
      }
    }
    return undefined;
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
    const lease = new ResourceLease(this, slot, slot.resource as T);
    if (stack !== undefined) slot.record = this.#detector.track(lease, label, stack);
    return lease;
  }

  #wait(options: AcquireOptions, nowMs: number): Promise<ResourceLease<T>> {
    const { maxCount, maxWaiterCount } = this.#options;
    // A caller whose resource is on its way, or may be created at once, does not count as waiting.
    const servedSoonCount = maxCount - this.#slots.size + this.#creatingCount + this.#checkingCount;
    if (this.#queue.count >= maxWaiterCount + servedSoonCount) return Promise.reject(this.#queueFullError());
    const stack = this.#detector.claimStack(nowMs) ? captureStack(acquireEntry) : undefined;
    const plain = options === noOptions && stack === undefined;
    let waiter: Waiter<ResourceLease<T>>;
    try {
      waiter = new Waiter(nowMs, plain ? undefined : requireExtras(options, stack));
    } catch (error) {
      return Promise.reject(error as PlimsollError);
    }
    this.#queue.push(waiter);
    if (!plain) this.#watchCaller(waiter, options);
    this.#clock.joined(waiter, nowMs);
    this.#retryTimer?.ref();
    this.#supply();
    return waiter.promise;
  }

  /** Sets up what ends this one wait, a signal or a time-out of its own, until it leaves the line. */
  #watchCaller(waiter: Waiter<ResourceLease<T>>, { signal, timeoutMs }: AcquireOptions): void {
    const finite = timeoutMs !== undefined && timeoutMs !== Number.POSITIVE_INFINITY;
    if (waiter.extras === undefined || (signal === undefined && !finite)) return;
    const onAbort = (): void => {
      if (this.#leave(waiter)) waiter.reject(abortedError(this.name, signal));
      this.#settleDrain();
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    const timer = finite ? setTimeout(() => this.#expire(waiter), timeoutMs) : undefined;
    waiter.extras.cleanUp = () => {
      signal?.removeEventListener('abort', onAbort);
      clearTimeout(timer);
    };
  }

  #leave(waiter: Waiter<ResourceLease<T>>): boolean {
    const left = this.#queue.remove(waiter);
    this.#clock.left();
    return left;
  }

  #expire(waiter: Waiter<ResourceLease<T>>): void {
    if (!this.#leave(waiter)) return;
    this.#timedOutCount += 1;
    const waitedMs = Math.round(performance.now() - waiter.queuedAtMs);
    publishPoolEvent(this.name, 'acquire-timed-out', { label: waiter.extras?.label ?? null, waitedMs });
    waiter.reject(this.#timeoutError(waitedMs));
    this.#settleDrain();
  }

  // ---- supply: every change of a slot's state but leased ----

  /** Creates what callers wait for and what `minCount` asks for, within `maxCount`; after a failure one at a time, and not before its pause is over. */
  #supply(): void {
    while (this.#slots.size < this.#options.maxCount && this.#needsMore()) {
      if (this.#backoff.failing && (this.#retryTimer !== undefined || this.#creatingCount > 0)) return;
      void this.#create();
    }
  }

  #needsMore(): boolean {
    if (this.#phase === 'closed') return false;
    if (this.#queue.count > this.#creatingCount + this.#checkingCount) return true;
    return this.#phase === 'open' && this.#surplusCount < 0;
  }

  /** Resources above `minCount` that are not on their way out. */
  get #surplusCount(): number {
    return this.#slots.size - this.#endingCount - this.#options.minCount;
  }

  async #create(): Promise<void> {
    const { maxUseCount, maxLifetimeMs, factoryTimeoutMs, name } = this.#options;
    const keep = 1 - Math.random() * JITTER_RATIO;
    const slot = new ResourceSlot<T>(Math.ceil(maxUseCount * keep), performance.now() + maxLifetimeMs * keep);
    this.#slots.add(slot);
    this.#creatingCount += 1;
    try {
      const work = Promise.resolve(this.#factory.create({ signal: slot.creation.signal }));
      const late = (resource: T): void => void this.#destroy(resource);
      const resource = await withDeadline(work, factoryTimeoutMs, `create of pool "${name}"`, late);
      if (resource === undefined || resource === null)
        throw new TypeError(`create answered ${String(resource)}`);
      slot.resource = resource;
    } catch (error) {
      this.#creatingCount -= 1;
      slot.creation.abort(error);
      this.#createFailed(slot, error);
      return;
    }
    this.#creatingCount -= 1;
    this.#createdCount += 1;
    this.#backoff.succeed();
    publishPoolEvent(name, 'created', { count: this.#slots.size });
    this.#offer(slot, true);
    this.#supply();
  }

  #createFailed(slot: ResourceSlot<T>, error: unknown): void {
    this.#createFailedCount += 1;
    this.#forget(slot);
    // Several creations that fail together are one failure: the pause grows once.
    if (this.#retryTimer === undefined && this.#phase !== 'closed') {
      const pauseMs = this.#backoff.fail(error);
      this.#retryTimer = setTimeout(() => this.#retry(), pauseMs);
      // The caller that is refused below waits no more; for others the process is held.
      if (this.#queue.count <= 1) this.#retryTimer.unref();
      publishPoolEvent(this.name, 'create-failed', { pauseMs, error: messageOf(error) });
    }
    const waiter = this.#queue.shift();
    this.#clock.left();
    waiter?.reject(this.#factoryError(error));
    this.#settleDrain();
  }

  #retry(): void {
    this.#retryTimer = undefined;
    this.#supply();
  }

  /** Gives a resource that nobody holds to the first in line, or lets it idle. */
  #offer(slot: ResourceSlot<T>, checked: boolean): void {
    if (slot.usedUp) {
      this.#end(slot, 'spent');
      return;
    }
    if (this.#queue.count > 0) {
      this.#serve(slot, checked);
      return;
    }
    if (this.#phase !== 'open') {
      this.#end(slot, 'drained');
      return;
    }
    slot.state = 'idle';
    slot.seenIdleMs = 0;
    this.#idle.push(slot);
    if (this.#sweepTimer === undefined) this.#armSweep();
  }

  /** Gives a resource to the first in line, when it is in good order. */
  #serve(slot: ResourceSlot<T>, checked: boolean): void {
    const nowMs = readTurnClockMs();
    const valid = !slot.expired(nowMs) && (checked || this.#validate(slot));
    if (valid === true) {
      const waiter = this.#queue.shift();
      if (waiter === undefined) return;
      this.#clock.left();
      this.#waits.record(nowMs - waiter.queuedAtMs);
      waiter.resolve(this.#lend(slot, nowMs, waiter.extras?.label, waiter.extras?.stack));
    } else if (valid === false) this.#end(slot, slot.expired(nowMs) ? 'spent' : 'invalid');
    else this.#check(slot, valid);
  }

  #validate(slot: ResourceSlot<T>): boolean | PromiseLike<boolean> {
    const { validate } = this.#factory;
    if (validate === undefined) return true;
    try {
      const answer = validate(slot.resource as T);
      return answer === true || (isThenable(answer) && (answer as PromiseLike<boolean>));
    } catch {
      // A check that throws has answered: the resource is not in good order.
      return false;
    }
  }

  /** Waits for an asynchronous check; the slot then goes to whoever is first in line at that moment. */
  #check(slot: ResourceSlot<T>, answer: PromiseLike<boolean>): void {
    const { factoryTimeoutMs, name } = this.#options;
    slot.state = 'checking';
    this.#checkingCount += 1;
    const settle = (valid: boolean): void => {
      this.#checkingCount -= 1;
      if (valid) this.#offer(slot, true);
      else this.#end(slot, 'invalid');
      this.#supply();
    };
    withDeadline(answer, factoryTimeoutMs, `validate of pool "${name}"`, () => {}).then(
      (valid) => settle(valid === true),
      // A check that rejects or takes too long has answered: the resource is not in good order.
      () => settle(false),
    );
  }

  #end(slot: ResourceSlot<T>, reason: EndReason): void {
    slot.state = 'ending';
    this.#endingCount += 1;
    this.#destroyedCount += 1;
    publishPoolEvent(this.name, 'destroyed', { reason, useCount: slot.useCount });
    const resource = slot.resource as T;
    slot.resource = undefined;
    const ending = this.#destroy(resource);
    const gone = (): void => {
      this.#endingCount -= 1;
      this.#forget(slot);
      this.#supply();
      this.#settleDrain();
    };
    if (ending === undefined) gone();
    else void ending.then(gone);
  }

  /** Calls `destroy`; undefined when it was done at once, else a promise that never rejects. */
  #destroy(resource: T): Promise<void> | undefined {
    const { destroy } = this.#factory;
    if (destroy === undefined) return undefined;
    const failed = (error: unknown): void => {
      publishPoolEvent(this.name, 'destroy-failed', { error: messageOf(error) });
    };
    try {
      const answer = destroy(resource);
      if (!isThenable(answer)) return undefined;
      const what = `destroy of pool "${this.name}"`;
      return withDeadline(answer, this.#options.factoryTimeoutMs, what, () => {}).then(() => {}, failed);
    } catch (error) {
      failed(error);
      return undefined;
    }
  }

  #forget(slot: ResourceSlot<T>): void {
    slot.state = 'gone';
    this.#slots.delete(slot);
  }

  #armSweep(): void {
    const shortestMs = Math.min(this.#options.idleMs, this.#options.maxLifetimeMs);
    if (shortestMs === Number.POSITIVE_INFINITY) return;
    this.#sweepTimer = setTimeout(() => this.#sweep(), Math.max(5, Math.min(30_000, shortestMs / 2)));
    this.#sweepTimer.unref();
  }

  /** Ends what has idled or lived too long, longest idle first. */
  #sweep(): void {
    this.#sweepTimer = undefined;
    const nowMs = performance.now();
    const leastMs = nowMs - this.#options.idleMs;
    let surplusCount = this.#surplusCount;
    const ended: ResourceSlot<T>[] = [];
    const kept = this.#idle.filter((slot) => {
      if (slot.seenIdleMs === 0) slot.seenIdleMs = nowMs;
      const idled = surplusCount > 0 && slot.seenIdleMs <= leastMs;
      if (!idled && !slot.expired(nowMs)) return true;
      surplusCount -= 1;
      ended.push(slot);
      return false;
    });
    this.#idle.splice(0, this.#idle.length, ...kept);
    for (const slot of ended) this.#end(slot, slot.expired(nowMs) ? 'spent' : 'idle');
    if (this.#idle.length > 0 && this.#sweepTimer === undefined) this.#armSweep();
  }

  // ---- the end ----

  async #drain(deadlineMs: number): Promise<DrainReport> {
    const startMs = performance.now();
    this.#phase = 'draining';
    this.#registration[Symbol.dispose]();
    clearTimeout(this.#sweepTimer);
    for (const slot of this.#idle.splice(0)) this.#end(slot, 'drained');
    await this.#untilEmpty(deadlineMs);
    this.#phase = 'closed';
    clearTimeout(this.#retryTimer);
    const leaked = this.heldLeases();
    let refusedCount = 0;
    for (let waiter = this.#queue.first; waiter !== undefined; waiter = this.#queue.first) {
      this.#leave(waiter);
      refusedCount += 1;
      waiter.reject(this.#closedError());
    }
    const complete = this.#slots.size === 0 && refusedCount === 0;
    for (const slot of this.#slots) this.#abandon(slot);
    const elapsedMs = Math.round(performance.now() - startMs);
    publishPoolEvent(this.name, 'drained', { elapsedMs, leakedCount: leaked.length, refusedCount });
    return { complete, elapsedMs, leaked, refusedCount };
  }

  /** Ends what is left of a slot at the deadline. A check that is under way ends its slot by itself. */
  #abandon(slot: ResourceSlot<T>): void {
    if (slot.state === 'creating') slot.creation.abort(this.#closedError());
    if (slot.state !== 'leased') return;
    this.#leasedCount -= 1;
    if (slot.record !== undefined) this.#detector.untrack(slot.record);
    this.#end(slot, 'drained');
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
    if (this.#phase === 'draining' && this.#slots.size === 0 && this.#queue.count === 0) this.#onEmpty?.();
  }

  // ---- errors ----

  #closedError(): PlimsollError {
    return new PlimsollError(
      'ERR_PLIMSOLL_DISPOSED',
      `Pool "${this.name}" is drained and gives nothing out any more. Make a new one.`,
    );
  }

  #queueFullError(): PlimsollError {
    const { maxCount, maxWaiterCount } = this.#options;
    publishPoolEvent(this.name, 'queue-full', { waiterCount: this.#queue.count });
    return new PlimsollError(
      'ERR_PLIMSOLL_LIMIT',
      `${this.#queue.count} callers wait for the ${maxCount} resources of pool "${this.name}"; maxWaiterCount is ${maxWaiterCount}. Take on less at once, or raise maxCount or maxWaiterCount.`,
      { details: { pool: this.name, maxCount, maxWaiterCount } },
    );
  }

  #timeoutError(waitedMs: number): PlimsollError {
    const { maxCount } = this.#options;
    const cause = this.#backoff.lastError;
    const why = this.#backoff.failing
      ? `creations fail: ${messageOf(cause)}`
      : `${this.#leasedCount} of ${maxCount} are out, ${this.#creatingCount} being created`;
    const details = { pool: this.name, waitedMs, maxCount, leasedCount: this.#leasedCount };
    return new PlimsollError(
      'ERR_PLIMSOLL_TIMEOUT',
      `No resource of pool "${this.name}" came within ${waitedMs} ms; ${why}. Release sooner, raise maxCount, or allow more time.`,
      cause === undefined ? { details } : { details, cause },
    );
  }

  #factoryError(cause: unknown): PlimsollError {
    return new PlimsollError(
      'ERR_PLIMSOLL_FACTORY',
      `create of pool "${this.name}" failed: ${messageOf(cause)}. See the cause; the pool tries again by itself.`,
      { cause, details: { pool: this.name } },
    );
  }
}

const acquireEntry = Reflect.get(ResourcePool.prototype, 'acquire') as Entry;
const tryAcquireEntry = Reflect.get(ResourcePool.prototype, 'tryAcquire') as Entry;

const timeoutRange = { min: 1, max: 2 ** 31 - 1, unbounded: true, remedy: 'Give milliseconds.' };

function requireExtras({ label, timeoutMs }: AcquireOptions, stack: string | undefined): WaiterExtras {
  if (timeoutMs !== undefined) requireCount('timeoutMs', timeoutMs, timeoutRange);
  return { label, stack, ownTimeout: timeoutMs !== undefined, cleanUp: undefined };
}

function abortedError(pool: string, signal: AbortSignal | undefined): PlimsollError {
  return new PlimsollError('ERR_PLIMSOLL_ABORTED', `The wait for pool "${pool}" was ended by its signal.`, {
    cause: signal?.reason,
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as PromiseLike<unknown>).then === 'function'
  );
}
