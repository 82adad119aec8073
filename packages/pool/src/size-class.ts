import { Slab } from './slab.ts';

/** The counters of one size class of a {@link BufferPool}. */
export interface SizeClassStats {
  /** Length of the class's cells: the longest buffer it serves. */
  readonly cellBytes: number;
  /** Buffers that are out. */
  readonly leasedCount: number;
  /** Cells waiting to be leased. */
  readonly idleCount: number;
  /** Buffers leased since the pool began, unpooled ones included. */
  readonly leaseCount: number;
  /** Leases for which a slab had to be allocated. */
  readonly missCount: number;
  /** Leases served by an allocation of their own because the pool was at its bound. */
  readonly overflowCount: number;
  /** Share of leases that needed no allocation, 0 to 1; 1 before the first. */
  readonly hitRatio: number;
}

/** All slabs of one cell size that have a free cell. Full slabs are held by their leases alone. */
export class SizeClass {
  readonly cellBytes: number;
  leaseCount = 0;
  missCount = 0;
  overflowCount = 0;
  leasedCount = 0;
  idleCount = 0;
  /** Fewest idle cells since the last decay: those that nobody needed. */
  #lowestIdleCount = 0;
  readonly #open: Slab[] = [];

  constructor(cellBytes: number) {
    this.cellBytes = cellBytes;
  }

  /** The slab to take the next cell of; undefined when all are full. */
  get next(): Slab | undefined {
    return this.#open.at(-1);
  }

  /** Adds a new slab. */
  add(slab: Slab): void {
    slab.listed = true;
    this.#open.push(slab);
    this.idleCount += slab.cellCount;
  }

  /** Takes a cell of `slab`, which must be {@link next}. */
  takeFrom(slab: Slab): number {
    const cell = slab.take();
    if (slab.full) {
      slab.listed = false;
      this.#open.pop();
    }
    this.leasedCount += 1;
    this.idleCount -= 1;
    if (this.idleCount < this.#lowestIdleCount) this.#lowestIdleCount = this.idleCount;
    return cell;
  }

  /** Takes a cell back. */
  putInto(slab: Slab, cell: number): void {
    slab.put(cell);
    this.leasedCount -= 1;
    this.idleCount += 1;
    if (slab.listed) return;
    slab.listed = true;
    this.#open.push(slab);
  }

  /** Drops up to `slabCount` empty slabs and returns them. */
  dropEmpty(slabCount: number): Slab[] {
    const dropped: Slab[] = [];
    for (let index = 0; index < this.#open.length && dropped.length < slabCount;) {
      const slab = this.#open[index];
      if (slab?.empty !== true) index += 1;
      else {
        slab.listed = false;
        this.#open.splice(index, 1);
        this.idleCount -= slab.cellCount;
        dropped.push(slab);
      }
    }
    this.#lowestIdleCount = Math.min(this.#lowestIdleCount, this.idleCount);
    return dropped;
  }

  /** Drops half of the slabs that nobody needed since the last call. */
  decay(): Slab[] {
    const surplusCount = Math.floor(this.#lowestIdleCount / Slab.cellCountOf(this.cellBytes));
    const dropped = surplusCount === 0 ? [] : this.dropEmpty(Math.ceil(surplusCount / 2));
    this.#lowestIdleCount = this.idleCount;
    return dropped;
  }

  stats(): SizeClassStats {
    const { cellBytes, leasedCount, idleCount, leaseCount, missCount, overflowCount } = this;
    const hitRatio = leaseCount === 0 ? 1 : 1 - (missCount + overflowCount) / leaseCount;
    return { cellBytes, leasedCount, idleCount, leaseCount, missCount, overflowCount, hitRatio };
  }
}
