import { performance } from 'node:perf_hooks';
import type { Waiter, WaiterQueue } from './waiter-queue.ts';

/**
 * One timer for a whole line of callers that all wait equally long: it is set for the first of them, which is the first to run out. Set only when somebody
 * queues, and left to run when the line moves, so that a busy pool sets one timer per time-out period and not one per caller.
 */
export class WaitClock<R> {
  readonly #queue: WaiterQueue<R>;
  readonly #timeoutMs: number;
  readonly #expire: (waiter: Waiter<R>) => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(queue: WaiterQueue<R>, timeoutMs: number, expire: (waiter: Waiter<R>) => void) {
    this.#queue = queue;
    this.#timeoutMs = timeoutMs;
    this.#expire = expire;
  }

  /** Called when a waiter joined the line. While somebody waits the timer holds the process: an answer is due. */
  joined(waiter: Waiter<R>, nowMs: number): void {
    if (this.#timer === undefined) this.#arm(waiter, nowMs);
    else if (this.#queue.count === 1) this.#timer.ref();
  }

  /** Called when a waiter left the line. */
  left(): void {
    if (this.#queue.count === 0) this.#timer?.unref();
  }

  #arm(waiter: Waiter<R>, nowMs: number): void {
    if (this.#timeoutMs === Number.POSITIVE_INFINITY || waiter.extras?.ownTimeout === true) return;
    const restMs = Math.ceil(waiter.queuedAtMs + this.#timeoutMs - nowMs);
    this.#timer = setTimeout(() => this.#tick(), Math.max(1, restMs));
  }

  #tick(): void {
    this.#timer = undefined;
    const nowMs = performance.now();
    const expired: Waiter<R>[] = [];
    let waiter = this.#queue.first;
    for (; waiter !== undefined; waiter = waiter.next) {
      if (waiter.extras?.ownTimeout === true) continue;
      if (waiter.queuedAtMs + this.#timeoutMs > nowMs) break;
      expired.push(waiter);
    }
    if (waiter !== undefined) this.#arm(waiter, nowMs);
    for (const late of expired) this.#expire(late);
  }
}
