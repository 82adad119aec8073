import { PlimsollError } from '@plimsoll/memory/holders';
import type { LeakRecord } from './leak-detector.ts';
import { classBytesAt, classIndexOf } from './size-classes.ts';
import { SizeClass } from './size-class.ts';
import { Slab } from './slab.ts';

/** When the bytes of a buffer are overwritten with zeros. */
export type Zeroing = 'on-release' | 'on-lease' | 'never';

/** Where a leased buffer lives. */
export interface Placement {
  readonly buffer: Buffer;
  /** Undefined for a buffer of its own, which goes to the collector as it comes back. */
  readonly slab: Slab | undefined;
  readonly cell: number;
  /** Set when the lease is watched. */
  record: LeakRecord | undefined;
}

interface LostSlab {
  readonly store: WeakRef<BufferStore>;
  readonly classIndex: number;
  readonly cellCount: number;
  readonly bytes: number;
}

/** A slab all of whose leases were lost is collected with them; this takes it off the books. */
const lostSlabs = new FinalizationRegistry<LostSlab>(({ store, ...slab }) => store.deref()?.writeOff(slab));

/** The slabs of a {@link BufferPool} and what they add up to. */
export class BufferStore {
  readonly #classes: SizeClass[] = [];
  readonly #zeroing: Zeroing;
  readonly #allocatesWhenFull: boolean;
  #maxBytes: number;
  #ownedBytes = 0;
  #leasedBytes = 0;
  #lostBytes = 0;

  constructor(maxBytes: number, zeroing: Zeroing, allocatesWhenFull: boolean) {
    this.#maxBytes = maxBytes;
    this.#zeroing = zeroing;
    this.#allocatesWhenFull = allocatesWhenFull;
  }

  /** Bytes of all slabs, leased or idle. */
  get ownedBytes(): number {
    return this.#ownedBytes;
  }

  /** Bytes of the cells that are out. */
  get leasedBytes(): number {
    return this.#leasedBytes;
  }

  /** Bytes of slabs that were collected because all their leases were lost. */
  get lostBytes(): number {
    return this.#lostBytes;
  }

  /** A buffer of exactly `bytes`. */
  take(bytes: number): Placement {
    const classIndex = classIndexOf(bytes);
    const sizeClass = this.#classAt(classIndex);
    let slab = sizeClass.next;
    if (slab === undefined) slab = this.#grow(sizeClass, classIndex);
    if (slab === undefined) return this.#overflow(sizeClass, bytes);
    sizeClass.leaseCount += 1;
    const cell = sizeClass.takeFrom(slab);
    this.#leasedBytes += slab.cellBytes;
    const buffer = slab.view(cell, bytes);
    if (this.#zeroing === 'on-lease') buffer.fill(0);
    return { buffer, slab, cell, record: undefined };
  }

  /** Takes a buffer back. */
  put({ buffer, slab, cell }: Placement): void {
    if (slab === undefined) return;
    const sizeClass = this.#classAt(classIndexOf(slab.cellBytes));
    this.#leasedBytes -= slab.cellBytes;
    if (this.#zeroing === 'on-release') buffer.fill(0);
    sizeClass.putInto(slab, cell);
    if (this.#ownedBytes > this.#maxBytes && slab.empty) this.#disown(sizeClass.dropEmpty(1));
  }

  /** Drops empty slabs, largest cells first, until about `targetBytes` are dropped; returns the bytes dropped. */
  shrink(targetBytes: number): number {
    const beforeBytes = this.#ownedBytes;
    for (const sizeClass of this.#classes.toReversed()) {
      const restBytes = targetBytes - (beforeBytes - this.#ownedBytes);
      if (restBytes <= 0) break;
      const slabBytes = sizeClass.cellBytes * Slab.cellCountOf(sizeClass.cellBytes);
      this.#disown(sizeClass.dropEmpty(Math.ceil(restBytes / slabBytes)));
    }
    return beforeBytes - this.#ownedBytes;
  }

  /** Drops half of the slabs that nobody needed since the last call; returns the bytes dropped. */
  decay(): number {
    const beforeBytes = this.#ownedBytes;
    for (const sizeClass of this.#classes) this.#disown(sizeClass.decay());
    return beforeBytes - this.#ownedBytes;
  }

  /** Drops what is empty, and from now on every slab as it becomes empty. */
  close(): void {
    this.#maxBytes = 0;
    this.shrink(Number.POSITIVE_INFINITY);
  }

  /** The classes that were used, smallest first. */
  classes(): SizeClass[] {
    return this.#classes.filter(({ leaseCount }) => leaseCount > 0);
  }

  /** Takes a slab off the books whose leases were all lost. */
  writeOff({ classIndex, cellCount, bytes }: Omit<LostSlab, 'store'>): void {
    this.#ownedBytes -= bytes;
    this.#leasedBytes -= bytes;
    this.#lostBytes += bytes;
    this.#classAt(classIndex).leasedCount -= cellCount;
  }

  #classAt(index: number): SizeClass {
    const found = this.#classes[index];
    if (found !== undefined) return found;
    // Filled without holes, which would make every later read of the array a slow one.
    for (let next = this.#classes.length; next <= index; next += 1) {
      this.#classes.push(new SizeClass(classBytesAt(next)));
    }
    return this.#classAt(index);
  }

  #grow(sizeClass: SizeClass, classIndex: number): Slab | undefined {
    const bytes = sizeClass.cellBytes * Slab.cellCountOf(sizeClass.cellBytes);
    if (this.#ownedBytes + bytes > this.#maxBytes) this.shrink(this.#ownedBytes + bytes - this.#maxBytes);
    if (this.#ownedBytes + bytes > this.#maxBytes) return undefined;
    const slab = new Slab(sizeClass.cellBytes, this.#zeroing === 'on-release');
    sizeClass.missCount += 1;
    sizeClass.add(slab);
    this.#ownedBytes += slab.bytes;
    const { cellCount } = slab;
    lostSlabs.register(slab, { store: new WeakRef(this), classIndex, cellCount, bytes }, slab);
    return slab;
  }

  #overflow(sizeClass: SizeClass, bytes: number): Placement {
    if (!this.#allocatesWhenFull) {
      throw new PlimsollError(
        'ERR_PLIMSOLL_LIMIT',
        `A buffer of ${bytes} bytes does not fit: ${this.#ownedBytes} of maxBytes ${this.#maxBytes} are in use. Release buffers sooner, raise maxBytes, or set whenFull to 'allocate'.`,
        { details: { bytes, ownedBytes: this.#ownedBytes, maxBytes: this.#maxBytes } },
      );
    }
    sizeClass.leaseCount += 1;
    sizeClass.overflowCount += 1;
    const buffer = this.#zeroing === 'never' ? Buffer.allocUnsafeSlow(bytes) : Buffer.alloc(bytes);
    return { buffer, slab: undefined, cell: 0, record: undefined };
  }

  #disown(slabs: readonly Slab[]): void {
    for (const slab of slabs) {
      this.#ownedBytes -= slab.bytes;
      lostSlabs.unregister(slab);
    }
  }
}
