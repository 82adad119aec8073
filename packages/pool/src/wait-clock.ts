import { performance } from 'node:perf_hooks';
import type { WaiterExtras } from './waiter-block.ts';
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

  /** Called when a caller joined the line. While somebody waits the timer holds the process: an answer is due. */
  joined(extras: WaiterExtras | undefined): void {
    if (this.#timer === undefined) {
      if (extras?.ownTimeout !== true) this.#arm(this.#timeoutMs);
    } else if (this.#queue.count === 1) this.#timer.ref();
  }

  /** Called when a caller left the line. */
  left(): void {
    if (this.#queue.count === 0) this.#timer?.unref();
  }

  #arm(restMs: number): void {
    if (this.#timeoutMs === Number.POSITIVE_INFINITY) return;
    this.#timer = setTimeout(() => this.#tick(), Math.max(1, Math.ceil(restMs)));
  }

  #tick(): void {
    this.#timer = undefined;
    const nowMs = performance.now();
    const late = this.#queue.takeQueuedUntil(nowMs - this.#timeoutMs);
    const firstMs = this.#queue.firstCommonMs;
    if (firstMs !== undefined) this.#arm(firstMs + this.#timeoutMs - nowMs);
    for (const waiter of late) this.#expire(waiter);
  }
}
