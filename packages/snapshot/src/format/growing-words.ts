const blockShift = 16;
const blockSize = 1 << blockShift;
const blockMask = blockSize - 1;

/** A list of unsigned numbers that grows in blocks: no copying and no doubling while a file of unknown length is read. */
export class GrowingWords {
  readonly #blocks: (Uint32Array | Float64Array)[] = [];
  #length = 0;

  /** How many numbers there are. */
  get length(): number {
    return this.#length;
  }

  /** Appends and returns the index. Blocks become 64-bit only from the first number above 2^32 on. */
  push(value: number): number {
    const index = this.#length++;
    const at = index >>> blockShift;
    let block = this.#blocks[at];
    if (block === undefined) this.#blocks.push((block = new Uint32Array(blockSize)));
    if (value > 0xffffffff && block instanceof Uint32Array)
      this.#blocks[at] = block = Float64Array.from(block);
    block[index & blockMask] = value;
    return index;
  }

  /** The number at `index`; 0 outside. */
  get(index: number): number {
    return this.#blocks[index >>> blockShift]?.[index & blockMask] ?? 0;
  }

  /** Index of `value` in an ascending list, or -1. */
  search(value: number): number {
    let low = 0;
    let high = this.#length - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const found = this.get(middle);
      if (found === value) return middle;
      if (found < value) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }
}
