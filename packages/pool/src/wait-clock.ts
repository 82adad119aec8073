import type { Waiter, WaiterQueue } from './waiter-queue.ts';

/**
 * One timer for a whole line of callers that all wait equally long: it is set for the first of them, which is the first to run out. Set only when somebody
 * queues, and left to run when the line moves, so that a busy pool sets one timer per time-out period and not one per caller.
 */
export class WaitClock<R> {
  readonly #queue: WaiterQueue<R>;
  readonly #expire: (waiter: Waiter<R>) => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(queue: WaiterQueue<R>, expire: (waiter: Waiter<R>) => void) {
    this.#queue = queue;
    this.#expire = expire;
  }

  /** Called when a waiter joined the line. While somebody waits the timer holds the process: an answer is due. */
  joined(waiter: Waiter<R>, nowMs: number): void {
    if (this.#timer !== undefined) {
      if (this.#queue.count === 1) this.#timer.ref();
    } else if (waiter.deadlineMs !== undefined) {
      this.#timer = setTimeout(() => this.#tick(), Math.max(1, Math.ceil(waiter.deadlineMs - nowMs)));
    }
  }

  /** Called when a waiter left the line. */
  left(): void {
    if (this.#queue.count === 0) this.#timer?.unref();
  }

  #tick(): void {
    this.#timer = undefined;
    const nowMs = performance.now();
    const expired: Waiter<R>[] = [];
    let waiter = this.#queue.first;
    for (; waiter !== undefined; waiter = waiter.next) {
      if (waiter.deadlineMs === undefined) continue;
      if (waiter.deadlineMs > nowMs) break;
      expired.push(waiter);
    }
    if (waiter !== undefined) this.joined(waiter, nowMs);
    for (const late of expired) this.#expire(late);
  }
}
