import { isThenable, messageOf, withDeadline } from '@plimsoll/memory/holders';
import { publishLazyEvent } from './lazy-events.ts';

/** Ends the values of one lazy value, one after the other, and says while one is still ending: the next is not made before. */
export class Disposal<T> {
  readonly #name: string;
  readonly #dispose: ((value: T) => unknown) | undefined;
  readonly #timeoutMs: number;
  #pending: Promise<void> | undefined;

  constructor(name: string, dispose: ((value: T) => unknown) | undefined, timeoutMs: number) {
    this.#name = name;
    this.#dispose = dispose;
    this.#timeoutMs = timeoutMs;
  }

  /** Resolves when the last value has ended; undefined when it has. Never rejects. */
  get pending(): Promise<void> | undefined {
    return this.#pending;
  }

  /** Ends `value`. What its disposer throws goes to the channel `plimsoll:lazy`. */
  end(value: T): void {
    if (this.#dispose === undefined) return;
    const failed = (error: unknown): void =>
      publishLazyEvent(this.#name, 'dispose-failed', { error: messageOf(error) });
    try {
      const answer = this.#dispose(value);
      if (!isThenable(answer)) return;
      // A disposer that never settles must not keep the next value from being made: it is waited for as long as a factory.
      const waiting = withDeadline(answer, { timeoutMs: this.#timeoutMs, what: 'dispose' });
      const ending = Promise.resolve(waiting)
        .then(() => {}, failed)
        .then(() => {
          if (this.#pending === ending) this.#pending = undefined;
        });
      this.#pending = ending;
    } catch (error) {
      failed(error);
    }
  }
}
