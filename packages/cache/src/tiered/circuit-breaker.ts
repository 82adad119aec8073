const failuresToOpen = 3;

/** Open = nobody asks Redis. It opens at the third failure in a row and closes when a heartbeat is answered, so that no request has to be the trial. */
export class CircuitBreaker {
  #failureCount = 0;
  #isOpen = false;

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** A command failed or came too late. */
  fail(): void {
    if (++this.#failureCount >= failuresToOpen) this.#isOpen = true;
  }

  /** A command was answered. */
  succeed(): void {
    this.#failureCount = 0;
  }

  /** Opens at once: the connection is gone. */
  open(): void {
    this.#isOpen = true;
  }

  /** Closes; true when it was open. */
  close(): boolean {
    const wasOpen = this.#isOpen;
    this.#isOpen = false;
    this.#failureCount = 0;
    return wasOpen;
  }
}
