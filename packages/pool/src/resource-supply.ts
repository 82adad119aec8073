// Somewhat over 200 lines: that no permit is ever lost can be checked only where every change of a slot's state but `leased` is on one page.
import { performance } from 'node:perf_hooks';
import { messageOf } from '@plimsoll/memory/holders';
import { CreateBackoff } from './create-backoff.ts';
import { type IdleOwner, IdleResources } from './idle-resources.ts';
import { publishPoolEvent } from './pool-events.ts';
import { ResourceMaker } from './resource-maker.ts';
import type { ResourceFactory, ResourcePoolOptions } from './resource-pool-options.ts';
import { ResourceSlot } from './resource-slot.ts';
import { readTurnClockMs } from './turn-clock.ts';

/** The callers of a pool, as its supply sees them. */
export interface ResourceDemand<T> {
  /** Callers in line. */
  readonly waiterCount: number;
  /** A resource in good order for the first in line, of whom there is one. */
  serve(slot: ResourceSlot<T>, nowMs: number): void;
  /** A creation failed: the first in line is told, if there is one. */
  refuseFirst(error: unknown): void;
  /** A slot is gone. */
  slotGone(): void;
}

/** Why a resource was ended. */
export type EndReason = 'idle' | 'spent' | 'invalid' | 'discarded' | 'reclaimed' | 'drained';

/** `draining`: callers in line are still served. `closed`: nobody is. */
export type PoolPhase = 'open' | 'draining' | 'closed';

/** Up to this share of its life or uses a resource ends early, at random. */
const JITTER_RATIO = 0.1;

/** The resources of a {@link ResourcePool}: creates, checks, keeps and ends them. Each holds one of `maxCount` permits from its slot's beginning until it is gone. */
export class ResourceSupply<T> implements IdleOwner<T> {
  readonly #options: Required<ResourcePoolOptions>;
  readonly #demand: ResourceDemand<T>;
  readonly #maker: ResourceMaker<T>;
  readonly #slots = new Set<ResourceSlot<T>>();
  readonly #idle: IdleResources<T>;
  readonly #backoff = new CreateBackoff();
  #phase: PoolPhase = 'open';
  #retryTimer: NodeJS.Timeout | undefined;
  #checkingCount = 0;
  #endingCount = 0;
  #creatingCount = 0;
  #createdCount = 0;
  #createFailedCount = 0;
  #destroyedCount = 0;

  constructor(
    factory: ResourceFactory<T>,
    options: Required<ResourcePoolOptions>,
    demand: ResourceDemand<T>,
  ) {
    this.#options = options;
    this.#demand = demand;
    this.#maker = new ResourceMaker(factory, options.factoryTimeoutMs, options.name);
    this.#idle = new IdleResources(this, options.idleMs, options.maxLifetimeMs);
  }

  get phase(): PoolPhase {
    return this.#phase;
  }

  /** Permits in use. */
  get slotCount(): number {
    return this.#slots.size;
  }

  get idleCount(): number {
    return this.#idle.count;
  }

  get creatingCount(): number {
    return this.#creatingCount;
  }

  /** Resources that a caller in line gets or may have created without anybody giving one back. */
  get soonCount(): number {
    return this.#options.maxCount - this.#slots.size + this.#creatingCount + this.#checkingCount;
  }

  /** What the last creation failed with, while creations fail. */
  get failure(): { readonly error: unknown } | undefined {
    return this.#backoff.failing ? { error: this.#backoff.lastError } : undefined;
  }

  /** What has been created and destroyed so far. */
  get counts(): { createdCount: number; createFailedCount: number; destroyedCount: number } {
    return {
      createdCount: this.#createdCount,
      createFailedCount: this.#createFailedCount,
      destroyedCount: this.#destroyedCount,
    };
  }

  /** The slots that are leased. */
  leased(): ResourceSlot<T>[] {
    return [...this.#slots].filter(({ state }) => state === 'leased');
  }

  /** Resources above `minCount` that are not on their way out. */
  get surplusCount(): number {
    return this.#slots.size - this.#endingCount - this.#options.minCount;
  }

  /** An idle resource that is fresh and valid. Those that are not are ended on the way. */
  takeIdle(nowMs: number): ResourceSlot<T> | undefined {
    for (let slot = this.#idle.pop(); slot !== undefined; slot = this.#idle.pop()) {
      if (slot.expired(nowMs)) this.end(slot, 'spent');
      else {
        const valid = this.#maker.validate(slot.resource as T);
        if (valid === true) return slot;
        if (valid === false) this.end(slot, 'invalid');
        else {
          this.#check(slot, valid);
          return undefined;
        }
      }
    }
    return undefined;
  }

  /** Creates what callers wait for and what `minCount` asks for, within `maxCount`; after a failure one at a time, and not before its pause is over. */
  fill(): void {
    while (this.#slots.size < this.#options.maxCount && this.#needsMore()) {
      if (this.#backoff.failing && (this.#retryTimer !== undefined || this.#creatingCount > 0)) return;
      void this.#create();
    }
  }

  /** While a caller is in line, the pause after a failure holds the process: an answer is due. */
  holdRetry(): void {
    this.#retryTimer?.ref();
  }

  /** Gives a resource that nobody holds to the first in line, or lets it idle. */
  offer(slot: ResourceSlot<T>, checked = false): void {
    if (slot.usedUp) this.end(slot, 'spent');
    else if (this.#demand.waiterCount > 0) this.#serve(slot, checked);
    else if (this.#phase === 'open') this.#idle.push(slot);
    else this.end(slot, 'drained');
  }

  /** Ends the idle resource that was used longest ago, when there are more than `minCount`; false when there is none to end. */
  endSurplus(): boolean {
    const slot = this.surplusCount > 0 ? this.#idle.shift() : undefined;
    if (slot !== undefined) this.end(slot, 'reclaimed');
    return slot !== undefined;
  }

  /** Ends a resource that is neither idle nor anybody's. Its permit is free when that is done. */
  end(slot: ResourceSlot<T>, reason: EndReason): void {
    slot.state = 'ending';
    this.#endingCount += 1;
    this.#destroyedCount += 1;
    publishPoolEvent(this.#options.name, 'destroyed', { reason, useCount: slot.useCount });
    const gone = (): void => {
      this.#endingCount -= 1;
      this.#forget(slot);
      this.fill();
      this.#demand.slotGone();
    };
    const ending = this.#maker.destroy(slot.resource as T);
    if (ending === undefined) gone();
    else void ending.then(gone);
  }

  /** From now on each resource is ended as it comes back; what is idle is ended at once. */
  drain(): void {
    this.#phase = 'draining';
    for (const slot of this.#idle.close()) this.end(slot, 'drained');
  }

  /** Nothing is created any more. Creations under way are told so; a check under way ends its slot by itself. */
  close(reason: Error): void {
    this.#phase = 'closed';
    clearTimeout(this.#retryTimer);
    for (const { state, creation } of this.#slots) if (state === 'creating') creation.abort(reason);
  }

  #needsMore(): boolean {
    if (this.#phase === 'closed') return false;
    if (this.#demand.waiterCount > this.#creatingCount + this.#checkingCount) return true;
    return this.#phase === 'open' && this.surplusCount < 0;
  }

  async #create(): Promise<void> {
    const { maxUseCount, maxLifetimeMs, name } = this.#options;
    const keep = 1 - Math.random() * JITTER_RATIO;
    const slot = new ResourceSlot<T>(Math.ceil(maxUseCount * keep), performance.now() + maxLifetimeMs * keep);
    this.#slots.add(slot);
    this.#creatingCount += 1;
    try {
      slot.resource = await this.#maker.create(slot.creation.signal);
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
    this.offer(slot, true);
    this.fill();
  }

  #createFailed(slot: ResourceSlot<T>, error: unknown): void {
    this.#createFailedCount += 1;
    this.#forget(slot);
    // Several creations that fail together are one failure: the pause grows once.
    if (this.#retryTimer === undefined && this.#phase !== 'closed') {
      const pauseMs = this.#backoff.fail(error);
      this.#retryTimer = setTimeout(() => this.#retry(), pauseMs);
      // The caller that is refused below waits no more; for others the process is held.
      if (this.#demand.waiterCount <= 1) this.#retryTimer.unref();
      publishPoolEvent(this.#options.name, 'create-failed', { pauseMs, error: messageOf(error) });
    }
    this.#demand.refuseFirst(error);
    this.#demand.slotGone();
  }

  #retry(): void {
    this.#retryTimer = undefined;
    this.fill();
  }

  /** Gives a resource to the first in line, when it is in good order. */
  #serve(slot: ResourceSlot<T>, checked: boolean): void {
    const nowMs = readTurnClockMs();
    if (slot.expired(nowMs)) {
      this.end(slot, 'spent');
      return;
    }
    const valid = checked || this.#maker.validate(slot.resource as T);
    if (valid === true) this.#demand.serve(slot, nowMs);
    else if (valid === false) this.end(slot, 'invalid');
    else this.#check(slot, valid);
  }

  /** Waits for an asynchronous check; the slot then goes to whoever is first in line at that moment. */
  #check(slot: ResourceSlot<T>, answer: Promise<boolean>): void {
    slot.state = 'checking';
    this.#checkingCount += 1;
    void answer.then((valid) => {
      this.#checkingCount -= 1;
      if (valid) this.offer(slot, true);
      else this.end(slot, 'invalid');
      this.fill();
    });
  }

  #forget(slot: ResourceSlot<T>): void {
    slot.state = 'gone';
    this.#slots.delete(slot);
  }
}
