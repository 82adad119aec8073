import { peekProcessWide } from '@plimsoll/memory';

/** The slot of what the main thread and the sentinel of a process share. */
export const sentinelWordsSlot = 'sentinel-words';

/** Who may hold the main thread's inspector now. */
const lockFree = 0;
const lockSentinel = 1;
const lockMain = 2;

const integerCount = 4;
const doubleCount = 4;

/** Indices of the integers: the lock, end the thread, an inspector client may be there, looks so far. */
const lock = 0;
const ended = 1;
const portOpen = 2;
const lookCount = 3;

/** Indices of the doubles: when the main thread looked last, by when it must have looked again, resident memory then. */
const beatAtMs = 0;
const dueAtMs = 1;
const residentBytes = 2;

/** Milliseconds of a clock that all threads share. */
function sharedClockMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}

/**
 * What the main thread and the sentinel share. The main thread says here that it is alive; the lock sees to it that the sentinel is never connected while the main thread goes
 * on after a pause, where V8 would wait for it.
 */
export class SentinelWords {
  readonly buffer: SharedArrayBuffer = new SharedArrayBuffer(integerCount * 4 + doubleCount * 8);
  readonly #integers = new Int32Array(this.buffer, 0, integerCount);
  readonly #doubles = new Float64Array(this.buffer, integerCount * 4, doubleCount);

  /** The main thread has looked and will look again within `withinMs`. */
  beat(withinMs: number, resident: number, isPortOpen: boolean): void {
    const nowMs = sharedClockMs();
    this.#doubles[beatAtMs] = nowMs;
    this.#doubles[dueAtMs] = nowMs + withinMs;
    this.#doubles[residentBytes] = resident;
    this.#integers[portOpen] = isPortOpen ? 1 : 0;
    Atomics.compareExchange(this.#integers, lock, lockMain, lockFree);
  }

  /** Times the sentinel has had the main thread look. */
  get lookCount(): number {
    return Atomics.load(this.#integers, lookCount);
  }

  /** One more look, carried out on the main thread. */
  countLook(): void {
    Atomics.add(this.#integers, lookCount, 1);
  }

  /** Keeps the sentinel away until the next beat; false when it is connected just now. */
  hold(): boolean {
    const was = Atomics.compareExchange(this.#integers, lock, lockFree, lockMain);
    return was !== lockSentinel;
  }

  /** Tells the thread to end. */
  end(): void {
    Atomics.store(this.#integers, ended, 1);
  }
}

/** Keeps the sentinel from connecting until the next beat, if there is one; false when it is connected just now. */
export function holdSentinel(): boolean {
  return peekProcessWide<SentinelWords>(sentinelWordsSlot)?.hold() ?? true;
}
