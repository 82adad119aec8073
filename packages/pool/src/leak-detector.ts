import { performance } from 'node:perf_hooks';
import { journal } from '@plimsoll/memory/holders';
import { publishPoolEvent } from './pool-events.ts';

/**
 * How closely a pool watches that leases come back. `sampled`: some leases carry the stack they were taken at, at most 200 a second after the first 64, so that
 * it costs at most 0.2 % of a core at any rate; of objects and buffers one lease in about 128, of resources every one within that. `exact`: every lease does (5 to
 * 10 µs each; for tests). `off`: leases are only counted.
 */
export type LeakDetection = 'off' | 'sampled' | 'exact';

/** The values of {@link LeakDetection}. */
export const leakDetections: readonly LeakDetection[] = ['off', 'sampled', 'exact'];

/** A lease that is out, or was lost, and where it was taken. */
export interface HeldLease {
  /** The `name` option of the pool. */
  readonly pool: string;
  /** The label given when it was taken, if one was. */
  readonly label: string | undefined;
  /** The stack of the acquisition, from the caller down; undefined when this lease was not among the sampled. */
  readonly stack: string | undefined;
  /** How long it has been out; undefined where the pool keeps no clock for it. */
  readonly heldMs: number | undefined;
}

/** A pool's own function that was called from outside: a stack begins at its caller. */
export type Entry = (...parameters: never[]) => unknown;

/** One watched lease. Holds no reference to the lease or the pool's object. */
export interface LeakRecord {
  readonly label: string | undefined;
  readonly stack: string;
  readonly takenAtMs: number;
  readonly sequence: number;
}

/** Every lease of one pool is watched until this is disposed. */
export interface LeaseWatch extends Disposable {
  /** The leases taken since the watch began that are still out, oldest first. */
  outstanding(): HeldLease[];
}

interface Watched {
  readonly record: LeakRecord;
  readonly detector: LeakDetector;
}

/** Mean distance between two sampled leases: what Netty samples at, and what keeps the cost of a stack (5 to 10 µs) under 100 ns a lease. */
const SAMPLE_INTERVAL_COUNT = 128;
/** The mean distance while samples come faster than stacks may be taken: most would be for nothing. */
const SPARSE_INTERVAL_COUNT = 512;
/** One stack per this interval, saved up for a burst of so many. */
const STACK_INTERVAL_MS = 5;
const STACK_BURST_COUNT = 64;
/** A distance no pool reaches soon, that is still a small integer to V8. */
const UNWATCHED_INTERVAL_COUNT = 2 ** 30;
/** Frames kept of an acquisition: enough to reach the handler above a repository layer. */
const STACK_FRAME_COUNT = 10;

const lost = new FinalizationRegistry<Watched>(({ detector, record }) => detector.reportLost(record));

/**
 * Finds leases that are never given back: a lease that is collected while it is out is reported with the stack it was taken at, on the channel
 * `plimsoll:pool` and in the journal.
 */
export class LeakDetector {
  readonly #pool: string;
  readonly #outstanding = new Set<LeakRecord>();
  readonly #mode: LeakDetection;
  #exactDepthCount = 0;
  #meanIntervalCount = SAMPLE_INTERVAL_COUNT;
  #nextStackMs = Number.NEGATIVE_INFINITY;
  #sequence = 0;
  #leakedCount = 0;

  constructor(pool: string, mode: LeakDetection) {
    this.#pool = pool;
    this.#mode = mode;
  }

  /** How many leases from now the next is to be watched: 1 = the next one. Random around 128, or 512 after a stack was refused, so that a regular pattern of callers is seen. */
  nextIntervalCount(): number {
    if (this.#exactDepthCount > 0 || this.#mode === 'exact') return 1;
    // When the distance is reached after all, that one lease is watched: harmless.
    if (this.#mode === 'off') return UNWATCHED_INTERVAL_COUNT;
    return 1 + Math.floor(Math.random() * (2 * this.#meanIntervalCount - 1));
  }

  /** True when a lease may be watched now, and counts it. */
  claimStack(nowMs: number): boolean {
    if (this.#exactDepthCount > 0 || this.#mode === 'exact') return true;
    const refused = nowMs < this.#nextStackMs || this.#mode === 'off';
    this.#meanIntervalCount = refused ? SPARSE_INTERVAL_COUNT : SAMPLE_INTERVAL_COUNT;
    if (refused) return false;
    this.#nextStackMs =
      Math.max(this.#nextStackMs, nowMs - STACK_INTERVAL_MS * (STACK_BURST_COUNT - 1)) + STACK_INTERVAL_MS;
    return true;
  }

  /** Watches `lease`, taken at `stack`. */
  track(lease: object, label: string | undefined, stack: string): LeakRecord {
    this.#sequence += 1;
    const record: LeakRecord = { label, stack, takenAtMs: performance.now(), sequence: this.#sequence };
    this.#outstanding.add(record);
    lost.register(lease, { record, detector: this }, record);
    return record;
  }

  /** The lease of `record` came back. */
  untrack(record: LeakRecord): void {
    this.#outstanding.delete(record);
    lost.unregister(record);
  }

  /** Watched leases that are out, oldest first. */
  outstanding(afterSequence = 0): HeldLease[] {
    const nowMs = performance.now();
    const records = [...this.#outstanding].filter(({ sequence }) => sequence > afterSequence);
    return records.map((record) => this.#held(record, nowMs));
  }

  /** Watched leases that were collected without having been given back. */
  get leakedCount(): number {
    return this.#leakedCount;
  }

  /** Watches every lease until the result is disposed. */
  watchEvery(): LeaseWatch {
    this.#exactDepthCount += 1;
    const startSequence = this.#sequence;
    let ended = false;
    return {
      outstanding: () => this.outstanding(startSequence),
      [Symbol.dispose]: () => {
        if (!ended) this.#exactDepthCount -= 1;
        ended = true;
      },
    };
  }

  /** Called by the finalization registry. Never throws. */
  reportLost(record: LeakRecord): void {
    if (!this.#outstanding.delete(record)) return;
    this.#leakedCount += 1;
    const heldMs = Math.round(performance.now() - record.takenAtMs);
    const label = record.label ?? null;
    journal().write('pool', 'lease-leaked', {
      pool: this.#pool,
      label,
      heldMs,
      site: firstFrame(record.stack),
    });
    publishPoolEvent(this.#pool, 'leaked', { label, heldMs, stack: record.stack });
  }

  #held(record: LeakRecord, nowMs: number): HeldLease {
    return {
      pool: this.#pool,
      label: record.label,
      stack: record.stack,
      heldMs: Math.round(nowMs - record.takenAtMs),
    };
  }
}

function firstFrame(stack: string): string {
  return stack.split('\n', 1)[0]?.trim() ?? '';
}

/**
 * The frames of whoever called `entry`, formatted at once: an unformatted stack holds the receivers of its frames alive, and with them the very lease that is
 * watched.
 */
export function captureStack(entry: Entry): string {
  const before = Error.stackTraceLimit;
  const holder: { stack?: string } = {};
  Error.stackTraceLimit = STACK_FRAME_COUNT;
  Error.captureStackTrace(holder, entry);
  Error.stackTraceLimit = before;
  const stack = String(holder.stack);
  const end = stack.indexOf('\n');
  return end < 0 ? '' : stack.slice(end + 1);
}
