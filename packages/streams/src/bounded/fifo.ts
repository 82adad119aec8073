/** Read entries stay in the array until there are this many, and they are half of it: moving the rest forward at every read would be quadratic. */
const COMPACT_COUNT = 64;

/** First in, first out, in constant time per entry however long it gets. */
export class Fifo<T> {
  #entries: T[] = [];
  #head = 0;

  get count(): number {
    return this.#entries.length - this.#head;
  }

  push(entry: T): void {
    this.#entries.push(entry);
  }

  peek(): T | undefined {
    return this.#entries[this.#head];
  }

  shift(): T | undefined {
    if (this.count === 0) return undefined;
    const entry = this.#entries[this.#head] as T;
    // Let go of now: the slot itself stays until the next compaction.
    (this.#entries as (T | undefined)[])[this.#head] = undefined;
    this.#head += 1;
    if (this.#head >= COMPACT_COUNT && this.#head * 2 >= this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    }
    return entry;
  }

  clear(): void {
    this.#entries = [];
    this.#head = 0;
  }
}
