import { markAsUntransferable } from 'node:worker_threads';

/** Bytes a slab has at least, so that a few small buffers do not cost an allocation each. Above glibc's mmap threshold (128 KiB): freed, it goes back to the kernel. */
const SLAB_BYTES = 262_144;

/** One allocation, cut into cells of one size. */
export class Slab {
  readonly cellBytes: number;
  readonly cellCount: number;
  /** True while the size class lists it as one with a free cell. */
  listed = false;
  readonly #zeroed: boolean;
  #memory: ArrayBuffer;
  readonly #freeCells: number[] = [];

  constructor(cellBytes: number, zeroed: boolean) {
    this.cellBytes = cellBytes;
    this.cellCount = Slab.cellCountOf(cellBytes);
    this.#zeroed = zeroed;
    this.#memory = allocate(this.bytes, zeroed);
    for (let cell = this.cellCount - 1; cell >= 0; cell -= 1) this.#freeCells.push(cell);
  }

  /** Cells of a slab whose cells are `cellBytes` long. */
  static cellCountOf(cellBytes: number): number {
    return Math.max(1, Math.floor(SLAB_BYTES / cellBytes));
  }

  get bytes(): number {
    return this.cellBytes * this.cellCount;
  }

  /** True when every cell is out. */
  get full(): boolean {
    return this.#freeCells.length === 0;
  }

  /** True when no cell is out. */
  get empty(): boolean {
    return this.#freeCells.length === this.cellCount;
  }

  /** Takes a free cell; there must be one. */
  take(): number {
    return this.#freeCells.pop() ?? 0;
  }

  /** Puts a cell back. */
  put(cell: number): void {
    this.#freeCells.push(cell);
  }

  /** A fresh view of the first `bytes` of a cell. */
  view(cell: number, bytes: number): Buffer {
    // On Node 22 `structuredClone` and `ArrayBuffer.prototype.transfer` ignore the mark below: whoever called it owns that memory now, and the slab gets other.
    if (this.#memory.byteLength === 0) this.#memory = allocate(this.bytes, this.#zeroed);
    return Buffer.from(this.#memory, cell * this.cellBytes, bytes);
  }
}

function allocate(bytes: number, zeroed: boolean): ArrayBuffer {
  // Zeroed memory comes from calloc: pages of the kernel that are zero already and stay untouched until they are used.
  const memory = zeroed ? new ArrayBuffer(bytes) : Buffer.allocUnsafeSlow(bytes).buffer;
  // A cell that is passed to a worker with its ArrayBuffer would take all others with it.
  markAsUntransferable(memory);
  return memory;
}
