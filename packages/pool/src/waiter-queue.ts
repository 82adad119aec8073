/** What only some callers bring along; one object, so that the others stay small: a long line is a lot of live memory for the collector to copy. */
export interface WaiterExtras {
  readonly label: string | undefined;
  /** Where it was asked from, when this lease is to be watched. */
  readonly stack: string | undefined;
  /** True when a timer of its own, or none, ends this wait, and not the pool's common one. */
  readonly ownTimeout: boolean;
  /** Ends what was set up for this waiter alone: an abort listener, a timer of its own. */
  cleanUp: (() => void) | undefined;
}

/** The settling function of a promise made by {@link Waiter}, passed out of the one shared executor: a closure for each would cost more than the waiter. */
const nobody = (): void => {};
let lastResolve: (result: unknown) => void = nobody;
const handOutResolve = (resolve: (result: unknown) => void): void => {
  lastResolve = resolve;
};

/** A caller waiting in line, and its place in it. */
export class Waiter<R> {
  readonly promise: Promise<R>;
  readonly queuedAtMs: number;
  readonly extras: WaiterExtras | undefined;
  readonly resolve: (result: R | PromiseLike<R>) => void;
  next: Waiter<R> | undefined = undefined;
  previous: Waiter<R> | undefined = undefined;
  queued = false;

  constructor(queuedAtMs: number, extras: WaiterExtras | undefined) {
    this.promise = new Promise(handOutResolve) as Promise<R>;
    this.resolve = lastResolve;
    // Left there, it would keep the last lease alive.
    lastResolve = nobody;
    this.queuedAtMs = queuedAtMs;
    this.extras = extras;
  }

  /** Settles the wait with an error: through `resolve`, so that no second function has to live as long as the wait. */
  reject(error: unknown): void {
    this.resolve(Promise.reject(error));
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
    waiter.extras?.cleanUp?.();
    return true;
  }
}
