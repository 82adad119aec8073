import { performance } from 'node:perf_hooks';
import { type AcquireOptions, noAcquireOptions, requireExtras } from './acquire-options.ts';
import { WaitClock } from './wait-clock.ts';
import type { WaiterExtras } from './waiter-block.ts';
import { type Waiter, WaiterQueue } from './waiter-queue.ts';

/** What a line asks of the pool it is for. */
export interface LineOwner<R> {
  /** The error for a caller whose signal ended its wait. */
  aborted(signal: AbortSignal): Error;
  /** The error for a caller that has waited as long as it would. */
  timedOut(waiter: Waiter<R>, waitedMs: number): Error;
  /** A caller gave up. */
  gaveUp(): void;
}

/** The callers of a {@link ResourcePool} that wait, first come, first served, and everything that lets them give up: the common time-out, one of their own, a signal. */
export class WaitingLine<R> {
  readonly #owner: LineOwner<R>;
  readonly #queue = new WaiterQueue<R>();
  readonly #clock: WaitClock<R>;

  constructor(owner: LineOwner<R>, timeoutMs: number) {
    this.#owner = owner;
    this.#clock = new WaitClock(this.#queue, timeoutMs, (waiter) => this.#expire(waiter));
  }

  get count(): number {
    return this.#queue.count;
  }

  /**
   * A caller at the end of the line; `stack` is where it asked from, when its lease is to be watched.
   * @throws ERR_PLIMSOLL_OPTION when its time-out cannot be used.
   */
  join(options: AcquireOptions, nowMs: number, stack: string | undefined): Promise<R> {
    const plain = options === noAcquireOptions && stack === undefined;
    const extras = plain ? undefined : requireExtras(options, stack);
    const turn = this.#queue.push(nowMs, extras);
    if (extras !== undefined) this.#watchCaller(extras, options);
    this.#clock.joined(extras);
    return turn;
  }

  /** Takes the first in line out of it. */
  shift(): Waiter<R> | undefined {
    const waiter = this.#queue.shift();
    this.#clock.left();
    return waiter;
  }

  /** Refuses everybody in line; answers how many that were. */
  refuseAll(error: () => Error): number {
    let refusedCount = 0;
    for (let waiter = this.shift(); waiter !== undefined; waiter = this.shift()) {
      refusedCount += 1;
      waiter.reject(error());
    }
    return refusedCount;
  }

  /** Sets up what ends this one wait, a signal or a time-out of its own, until it leaves the line. */
  #watchCaller(extras: WaiterExtras, { signal, timeoutMs }: AcquireOptions): void {
    const finite = timeoutMs !== undefined && timeoutMs !== Number.POSITIVE_INFINITY;
    if (signal === undefined && !finite) return;
    const onAbort = (): void => {
      if (signal !== undefined) this.#leave(extras)?.reject(this.#owner.aborted(signal));
      this.#owner.gaveUp();
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    const onTimeout = (): void => {
      const waiter = this.#leave(extras);
      if (waiter !== undefined) this.#expire(waiter);
    };
    const timer = finite ? setTimeout(onTimeout, timeoutMs) : undefined;
    extras.cleanUp = () => {
      signal?.removeEventListener('abort', onAbort);
      clearTimeout(timer);
    };
  }

  #leave(extras: WaiterExtras): Waiter<R> | undefined {
    const waiter = this.#queue.remove(extras);
    this.#clock.left();
    return waiter;
  }

  /** A caller that has left the line because its time is over. */
  #expire(waiter: Waiter<R>): void {
    this.#clock.left();
    waiter.reject(this.#owner.timedOut(waiter, Math.round(performance.now() - waiter.queuedAtMs)));
    this.#owner.gaveUp();
  }
}
