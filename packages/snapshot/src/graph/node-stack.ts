/** A stack of node numbers that never boxes them and never needs recursion. */
export class NodeStack {
  #items: Uint32Array;
  #length = 0;

  constructor(capacity = 1024) {
    this.#items = new Uint32Array(capacity);
  }

  /** How many numbers are on the stack. */
  get length(): number {
    return this.#length;
  }

  /** Puts a number on top. */
  push(value: number): void {
    if (this.#length === this.#items.length) {
      const larger = new Uint32Array(this.#items.length * 2);
      larger.set(this.#items);
      this.#items = larger;
    }
    this.#items[this.#length++] = value;
  }

  /** Takes the number on top; the caller has looked at {@link length}. */
  pop(): number {
    return this.#items[--this.#length];
  }
}
