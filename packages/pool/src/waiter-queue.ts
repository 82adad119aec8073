/** A caller waiting in line, and its place in it. */
export class Waiter<R> {
  readonly label: string | undefined;
  readonly queuedAtMs: number;
  /** When the pool's common timer gives up on this waiter; undefined when a timer of its own does. */
  readonly deadlineMs: number | undefined;
  /** Where it was asked from, when this lease is to be watched. */
  readonly stack: string | undefined;
  readonly resolve: (result: R) => void;
  readonly reject: (error: unknown) => void;
  /** Ends what was set up for this waiter alone: an abort listener, a timer of its own. */
  cleanUp: (() => void) | undefined = undefined;
  next: Waiter<R> | undefined = undefined;
  previous: Waiter<R> | undefined = undefined;
  queued = false;

  constructor(
    start: Pick<Waiter<R>, 'label' | 'queuedAtMs' | 'deadlineMs' | 'stack' | 'resolve' | 'reject'>,
  ) {
    this.label = start.label;
    this.queuedAtMs = start.queuedAtMs;
    this.deadlineMs = start.deadlineMs;
    this.stack = start.stack;
    this.resolve = start.resolve;
    this.reject = start.reject;
  }
}

/** First come, first served, in a doubly linked list: leaving from the middle costs the same as from the front, however long the line. */
export class WaiterQueue<R> {
  #first: Waiter<R> | undefined;
  #last: Waiter<R> | undefined;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  get first(): Waiter<R> | undefined {
    return this.#first;
  }

  /** Puts `waiter` at the end of the line. */
  push(waiter: Waiter<R>): void {
    waiter.previous = this.#last;
    waiter.queued = true;
    if (this.#last === undefined) this.#first = waiter;
    else this.#last.next = waiter;
    this.#last = waiter;
    this.#count += 1;
  }

  /** Takes the waiter at the front out of the line. */
  shift(): Waiter<R> | undefined {
    const waiter = this.#first;
    if (waiter !== undefined) this.remove(waiter);
    return waiter;
  }

  /** Takes `waiter` out of the line, wherever it stands; false when it has left already. */
  remove(waiter: Waiter<R>): boolean {
    if (!waiter.queued) return false;
    waiter.queued = false;
    const { next, previous } = waiter;
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    waiter.next = undefined;
    waiter.previous = undefined;
    this.#count -= 1;
    waiter.cleanUp?.();
    waiter.cleanUp = undefined;
    return true;
  }
}
