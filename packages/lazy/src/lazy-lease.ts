import { PlimsollError } from '@plimsoll/memory/holders';

/** A value of a {@link LazyValue} that stays loaded until the end of the block it is declared in with `using`. */
export class LazyLease<T> {
  readonly #value: T;
  #end: (() => void) | undefined;

  constructor(value: T, end: () => void) {
    this.#value = value;
    this.#end = end;
  }

  /**
   * The value.
   * @throws ERR_PLIMSOLL_DISPOSED after the lease ended.
   */
  get value(): T {
    if (this.#end !== undefined) return this.#value;
    throw new PlimsollError(
      'ERR_PLIMSOLL_DISPOSED',
      'This lease has ended and its value may be gone by now. Acquire it again.',
    );
  }

  /** Ends the use; does nothing the second time. */
  [Symbol.dispose](): void {
    const end = this.#end;
    this.#end = undefined;
    end?.();
  }
}
