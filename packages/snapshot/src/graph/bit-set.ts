/** One bit per node, edge or string. */
export class BitSet {
  readonly #words: Uint32Array;

  constructor(count: number) {
    this.#words = new Uint32Array((count + 31) >>> 5);
  }

  /** Sets the bit of `index`. */
  add(index: number): void {
    this.#words[index >>> 5] |= 1 << (index & 31);
  }

  /** True when the bit of `index` is set. */
  has(index: number): boolean {
    return ((this.#words[index >>> 5] >>> (index & 31)) & 1) === 1;
  }
}
