const pollMs = 100;

/** Notes changes to a key while a value for it is on its way. */
export interface Passage {
  isOvertaken: boolean;
}

/** The values on their way here, by key, each of which a change to its key makes old; and who waits for another process's value. */
export class Passages {
  readonly #passages = new Map<string, Set<Passage>>();
  readonly #arrivals = new Map<string, Set<() => void>>();

  /** A value for `key` sets out: {@link leave} ends it. */
  enter(key: string): Passage {
    const passage: Passage = { isOvertaken: false };
    const passages = this.#passages.get(key);
    if (passages === undefined) this.#passages.set(key, new Set([passage]));
    else passages.add(passage);
    return passage;
  }

  leave(key: string, passage: Passage): void {
    const passages = this.#passages.get(key);
    passages?.delete(passage);
    if (passages?.size === 0) this.#passages.delete(key);
  }

  /** `key` was changed: what is on its way for it is old. */
  overtake(key: string): void {
    for (const passage of this.#passages.get(key) ?? []) passage.isOvertaken = true;
  }

  /** Any key may have been changed. */
  overtakeAll(): void {
    for (const passages of this.#passages.values()) {
      for (const passage of passages) passage.isOvertaken = true;
    }
  }

  /** Resolves when {@link tell} is called for `key`, or after a moment. */
  async arrival(key: string): Promise<void> {
    await new Promise<void>((resolve) => {
      const waiting = this.#arrivals.get(key) ?? new Set();
      this.#arrivals.set(key, waiting);
      const done = (): void => {
        clearTimeout(timer);
        waiting.delete(done);
        if (waiting.size === 0) this.#arrivals.delete(key);
        resolve();
      };
      const timer = setTimeout(done, pollMs);
      waiting.add(done);
    });
  }

  /** `key` was written: whoever waits for it looks again. */
  tell(key: string): void {
    for (const resolve of this.#arrivals.get(key) ?? []) resolve();
  }

  /** Nobody need wait any longer. */
  tellAll(): void {
    for (const waiting of this.#arrivals.values()) for (const resolve of waiting) resolve();
  }
}
