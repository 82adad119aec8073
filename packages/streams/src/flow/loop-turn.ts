/** Tells whether a promise settles within the turn of the event loop in which something began to wait for it; one immediate for all that wait in the turn. */
export class LoopTurn {
  #immediate: NodeJS.Immediate | undefined;
  #settle: ((isInTime: boolean) => void) | undefined;

  /** True when `work`, which never blocks this, settles before the turn ends; false at its end. One call at a time. */
  holds(work: Promise<unknown>): Promise<boolean> {
    this.#immediate ??= setImmediate(() => {
      this.#immediate = undefined;
      this.#settle?.(false);
    });
    return new Promise((resolve) => {
      this.#settle = resolve;
      const inTime = (): void => resolve(true);
      work.then(inTime, inTime);
    });
  }

  /** Lets go of the event loop. */
  end(): void {
    clearImmediate(this.#immediate);
    this.#immediate = undefined;
  }
}
