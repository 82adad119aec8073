import { performance } from 'node:perf_hooks';
import type { ResourceSlot } from './resource-slot.ts';

/** How often idle resources are looked through, at most. */
const LONGEST_SWEEP_MS = 30_000;
const SHORTEST_SWEEP_MS = 5;

/** What a sweep asks of the supply it sweeps for. */
export interface IdleOwner<T> {
  /** Resources above `minCount` that are not on their way out. */
  readonly surplusCount: number;
  /** Ends one that is idle no more. */
  end(slot: ResourceSlot<T>, reason: 'idle' | 'spent'): void;
}

/** The resources of a {@link ResourcePool} that nobody uses, the one used last on top, and the timer that ends those that have idled or lived too long. */
export class IdleResources<T> {
  readonly #owner: IdleOwner<T>;
  readonly #idleMs: number;
  readonly #sweepMs: number;
  readonly #slots: ResourceSlot<T>[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(owner: IdleOwner<T>, idleMs: number, maxLifetimeMs: number) {
    this.#owner = owner;
    this.#idleMs = idleMs;
    const halfMs = Math.min(idleMs, maxLifetimeMs) / 2;
    this.#sweepMs =
      halfMs === Number.POSITIVE_INFINITY
        ? halfMs
        : Math.max(SHORTEST_SWEEP_MS, Math.min(LONGEST_SWEEP_MS, halfMs));
  }

  get count(): number {
    return this.#slots.length;
  }

  /** A resource is used no more. */
  push(slot: ResourceSlot<T>): void {
    slot.state = 'idle';
    slot.seenIdleMs = 0;
    this.#slots.push(slot);
    if (this.#timer === undefined) this.#arm();
  }

  /** The resource used last. */
  pop(): ResourceSlot<T> | undefined {
    return this.#slots.pop();
  }

  /** The resource used longest ago. */
  shift(): ResourceSlot<T> | undefined {
    return this.#slots.shift();
  }

  /** Takes all of them out, for good. */
  close(): ResourceSlot<T>[] {
    clearTimeout(this.#timer);
    return this.#slots.splice(0);
  }

  #arm(): void {
    if (this.#sweepMs === Number.POSITIVE_INFINITY) return;
    this.#timer = setTimeout(() => this.#sweep(), this.#sweepMs);
    this.#timer.unref();
  }

  /** Ends what has idled or lived too long, longest idle first. */
  #sweep(): void {
    this.#timer = undefined;
    const nowMs = performance.now();
    let { surplusCount } = this.#owner;
    const ended: ResourceSlot<T>[] = [];
    const kept = this.#slots.filter((slot) => {
      if (slot.seenIdleMs === 0) slot.seenIdleMs = nowMs;
      const idled = surplusCount > 0 && slot.seenIdleMs <= nowMs - this.#idleMs;
      if (!idled && !slot.expired(nowMs)) return true;
      surplusCount -= 1;
      ended.push(slot);
      return false;
    });
    this.#slots.splice(0, this.#slots.length, ...kept);
    for (const slot of ended) this.#owner.end(slot, slot.expired(nowMs) ? 'spent' : 'idle');
    if (this.#slots.length > 0 && this.#timer === undefined) this.#arm();
  }
}
