// A little more than 200 lines, most of them the text of the options; what happens to the bytes is in buffer-store.ts.
import {
  type MemoryHolder,
  PlimsollError,
  registerHolder,
  requireBytes,
  requireCount,
  requireWord,
  withDefaults,
} from '@plimsoll/memory/holders';
import { BufferLease } from './buffer-lease.ts';
import { BufferStore, type Placement, type Zeroing } from './buffer-store.ts';
import { type Decaying, DecayTimer } from './decay-timer.ts';
import type { LeaseAccountable } from './expect-no-leaks.ts';
import {
  captureStack,
  type Entry,
  type HeldLease,
  type LeakDetection,
  LeakDetector,
  leakDetections,
  type LeaseWatch,
} from './leak-detector.ts';
import { decayRange } from './object-pool-options.ts';
import { publishPoolEvent } from './pool-events.ts';
import type { SizeClassStats } from './size-class.ts';
import { readTurnClockMs } from './turn-clock.ts';

/** How a {@link BufferPool} keeps its buffers. */
export interface BufferPoolOptions {
  /** Bytes of slabs the pool owns at most, leased and idle together. What a lease needs beyond, `whenFull` says. */
  readonly maxBytes: number;
  /**
   * The longest buffer that is leased; a longer one is refused.
   * @default the smaller of `maxBytes` and 16 MiB
   */
  readonly maxBufferBytes?: number;
  /**
   * When a buffer is overwritten with zeros. `on-release`: no data of one request waits in the pool or reaches the next (0.6 µs for 64 KiB). `on-lease`: it
   * waits, but does not reach the next. `never`: it may; for callers that write before they read.
   * @default 'on-release'
   */
  readonly zeroing?: Zeroing;
  /**
   * At the bound `allocate` gives a buffer of its own that is dropped as it comes back, as if there were no pool; `throw` refuses with ERR_PLIMSOLL_LIMIT, so
   * that `maxBytes` bounds what is out as well.
   * @default 'allocate'
   */
  readonly whenFull?: 'allocate' | 'throw';
  /**
   * Shown in `plimsoll top`, events and errors. A name from source code.
   * @default 'buffer-pool'
   */
  readonly name?: string;
  /**
   * Every so often half of the slabs that nobody needed since the last time are dropped. Milliseconds; 0 = never.
   * @default 10_000: long enough to keep what a request rate with a ten-second rhythm reuses
   */
  readonly decayMs?: number;
  /**
   * @default 'sampled'
   * @see LeakDetection
   */
  readonly leakDetection?: LeakDetection;
}

/** What {@link BufferPoolOptions} are when left out. */
export const bufferPoolDefaults: Readonly<Required<Omit<BufferPoolOptions, 'maxBytes'>>> = Object.freeze({
  maxBufferBytes: 16 * 1024 * 1024,
  zeroing: 'on-release',
  whenFull: 'allocate',
  name: 'buffer-pool',
  decayMs: 10_000,
  leakDetection: 'sampled',
});

/** The counters of a {@link BufferPool}. */
export interface BufferPoolStats {
  /** Bytes of all slabs, leased or idle. */
  readonly ownedBytes: number;
  /** Bytes of the cells that are out. */
  readonly leasedBytes: number;
  /** Buffers that are out, unpooled ones included. */
  readonly leasedCount: number;
  /** Bytes of slabs that were collected because all their leases were lost. */
  readonly lostBytes: number;
  /** Watched leases that were collected without having been given back. */
  readonly leakedCount: number;
  /** The size classes in use, smallest first. */
  readonly classes: readonly SizeClassStats[];
}

/** The largest single allocation a slab is made of. */
const LARGEST_BUFFER_BYTES = 2 ** 30;

/**
 * Buffers in size classes, cut from slabs, within a bound in bytes. For buffers of about 4 KiB to 16 MiB that are made and dropped many times a second: a
 * 64 KiB lease costs 0.1 to 0.2 µs where `Buffer.allocUnsafe` costs 5 to 8, and the process keeps what is in use instead of twice to four times that.
 * @example
 * const buffers = new BufferPool({ maxBytes: mib(32) });
 * using lease = buffers.lease(65_536);
 * const { bytesRead } = await file.read(lease.buffer);
 */
export class BufferPool implements MemoryHolder, LeaseAccountable, Decaying {
  /** Shown in `plimsoll top`, events and errors. */
  readonly name: string;
  /** An idle buffer costs nothing to lose but its next allocation. */
  readonly cost = 0;

  readonly #store: BufferStore;
  readonly #maxBufferBytes: number;
  readonly #detector: LeakDetector;
  readonly #decayTimer: DecayTimer;
  readonly #registration: Disposable;
  #leasesUntilWatched = 0;
  #leasedCount = 0;
  #decaying = false;
  #disposed = false;

  /** @throws ERR_PLIMSOLL_OPTION when an option has a value that cannot be used. */
  constructor(options: BufferPoolOptions) {
    const settings = withDefaults(bufferPoolDefaults, options);
    const maxBytes = requireBytes('maxBytes', settings.maxBytes, 1);
    this.name = settings.name;
    const zeroing = requireWord('zeroing', settings.zeroing, ['on-release', 'on-lease', 'never']);
    const whenFull = requireWord('whenFull', settings.whenFull, ['allocate', 'throw']);
    this.#maxBufferBytes = requireCount(
      'maxBufferBytes',
      options.maxBufferBytes ?? Math.min(Math.floor(maxBytes), settings.maxBufferBytes),
      { min: 1, max: LARGEST_BUFFER_BYTES, remedy: 'Give the length of the longest buffer in bytes.' },
    );
    const decayMs = requireCount('decayMs', settings.decayMs, decayRange);
    const mode = requireWord('leakDetection', settings.leakDetection, leakDetections);
    this.#store = new BufferStore(maxBytes, zeroing, whenFull === 'allocate');
    this.#detector = new LeakDetector(this.name, mode);
    this.#leasesUntilWatched = this.#detector.nextIntervalCount();
    this.#decayTimer = new DecayTimer(this, decayMs);
    this.#registration = registerHolder(this, { weak: true });
  }

  /**
   * A buffer of exactly `bytes` that comes back by itself at the end of the block: `using lease = buffers.lease(65_536)`.
   * @throws ERR_PLIMSOLL_OPTION when `bytes` is not a whole number from 1 to `maxBufferBytes`; ERR_PLIMSOLL_LIMIT at the bound with `whenFull: 'throw'`;
   * ERR_PLIMSOLL_DISPOSED after the pool was disposed.
   */
  lease(bytes: number): BufferLease {
    if (!Number.isInteger(bytes) || bytes < 1 || bytes > this.#maxBufferBytes) throw this.#lengthError(bytes);
    if (this.#disposed) {
      throw new PlimsollError('ERR_PLIMSOLL_DISPOSED', `Pool "${this.name}" was disposed. Make a new one.`);
    }
    const placement = this.#store.take(bytes);
    const lease = new BufferLease(this, placement);
    this.#leasedCount += 1;
    this.#leasesUntilWatched -= 1;
    if (this.#leasesUntilWatched === 0) {
      if (this.#detector.claimStack(readTurnClockMs())) {
        placement.record = this.#detector.track(lease, undefined, captureStack(leaseEntry));
      }
      this.#leasesUntilWatched = this.#detector.nextIntervalCount();
    }
    return lease;
  }

  /** Called by a lease as it ends. */
  takeBack(placement: Placement): void {
    this.#leasedCount -= 1;
    if (placement.record !== undefined) this.#detector.untrack(placement.record);
    this.#store.put(placement);
    if (!this.#decaying && !this.#disposed) {
      this.#decaying = true;
      this.#decayTimer.arm();
    }
  }

  /** Bytes that are idle in the slabs. */
  bytes(): number {
    return this.#store.ownedBytes - this.#store.leasedBytes;
  }

  /** Drops empty slabs, largest cells first, until about `targetBytes` are dropped; returns the bytes dropped. The collector frees them. */
  reclaim(targetBytes: number): number {
    const droppedBytes = this.#store.shrink(targetBytes);
    if (droppedBytes > 0) publishPoolEvent(this.name, 'trimmed', { droppedBytes });
    return droppedBytes;
  }

  /** Drops every slab that is empty now; returns the bytes dropped. */
  shrink(): number {
    return this.reclaim(Number.POSITIVE_INFINITY);
  }

  /** Drops half of the slabs that nobody needed since the last call. Called every `decayMs`; true while the pool owns a slab. */
  decay(): boolean {
    const droppedBytes = this.#store.decay();
    if (droppedBytes > 0) publishPoolEvent(this.name, 'trimmed', { droppedBytes });
    this.#decaying = this.#store.ownedBytes > 0;
    return this.#decaying;
  }

  /** Buffers that are out now, lost ones included. */
  get leasedCount(): number {
    return this.#leasedCount;
  }

  /** The watched leases that are out, with their stacks. */
  heldLeases(): HeldLease[] {
    return this.#detector.outstanding();
  }

  /** Watches every lease taken until the result is disposed. */
  watchEveryLease(): LeaseWatch {
    const watch = this.#detector.watchEvery();
    this.#leasesUntilWatched = 1;
    return watch;
  }

  /** The counters now. */
  stats(): BufferPoolStats {
    return {
      ownedBytes: this.#store.ownedBytes,
      leasedBytes: this.#store.leasedBytes,
      leasedCount: this.#leasedCount,
      lostBytes: this.#store.lostBytes,
      leakedCount: this.#detector.leakedCount,
      classes: this.#store.classes().map((sizeClass) => sizeClass.stats()),
    };
  }

  /** Drops what is idle. What is out is dropped as it comes back; {@link lease} throws from now on. */
  [Symbol.dispose](): void {
    this.#disposed = true;
    this.#store.close();
    this.#decayTimer.stop();
    this.#registration[Symbol.dispose]();
  }

  #lengthError(bytes: number): PlimsollError {
    return new PlimsollError(
      'ERR_PLIMSOLL_OPTION',
      `A buffer of ${bytes} bytes was asked of pool "${this.name}"; expected a whole number from 1 to maxBufferBytes ${this.#maxBufferBytes}. Raise maxBufferBytes, or use Buffer.alloc for the rare large one.`,
      { details: { pool: this.name, bytes, maxBufferBytes: this.#maxBufferBytes } },
    );
  }
}

const leaseEntry = Reflect.get(BufferPool.prototype, 'lease') as Entry;
