import { isNearLimitArmed, type Sentinel, startSentinel } from '@plimsoll/inspect';
import { gib, journal, type MemorySample, type MemoryTrend, type PlimsollConfig } from '@plimsoll/memory';
import { BlockedLook, type BlockedSight } from './blocked-look.ts';

/** From this limit on the 10 to 20 MB of the thread are affordable in every pod of a fleet. */
const affordableFromBytes = gib(1);
/** A process that ends sooner pays nothing for the thread. */
const startAfterMs = 500;
/** A tick may be so much late before the main thread counts as blocked. */
const lateMs = 250;

/** What a {@link SentinelGuard} is given. */
export interface SentinelTerms {
  readonly mode: PlimsollConfig['sentinel'];
  readonly limitBytes: number;
  /** Former lives of this host died unseen: `auto` then has the thread in a small container too. */
  readonly isWanted: boolean;
  /** A limit stated by the user; null where there is none. */
  readonly overrideBytes: number | null;
  /** The longest time between two ticks. */
  readonly tickMs: number;
  /** Where memory was going at the last tick. */
  readonly trend: () => MemoryTrend;
  /** Takes what was seen in the middle of whatever the main thread is doing. Runs no code of the service. */
  readonly look: (sight: BlockedSight) => void;
}

/** The thread that sees a blocked event loop: started soon after the service, told of every tick, ended with the guard. */
export class SentinelGuard {
  readonly #terms: SentinelTerms;
  readonly #startAtMs = performance.now() + startAfterMs;
  #sentinel: Sentinel | undefined;
  #blocked: BlockedLook | undefined;
  #lastTickMs = 0;
  #isSaid = false;
  #isDecided: boolean;

  constructor(terms: SentinelTerms) {
    this.#terms = terms;
    const { mode, limitBytes, isWanted } = terms;
    const isAffordable = limitBytes >= affordableFromBytes || isWanted;
    this.#isDecided = mode === 'never' || (mode === 'auto' && !isAffordable);
  }

  /** True while the thread watches. */
  get isOn(): boolean {
    return this.#sentinel !== undefined;
  }

  /** One tick. Never throws. */
  tick(sample: MemorySample): void {
    const { monotonicMs, rssBytes } = sample;
    if (!this.#isDecided && monotonicMs >= this.#startAtMs) this.#start();
    this.#sentinel?.beat(
      this.#mayGrow(sample) ? Number.POSITIVE_INFINITY : this.#terms.tickMs + lateMs,
      rssBytes,
    );
    this.#blocked?.note(sample);
    this.#lastTickMs = monotonicMs;
    this.#isSaid = false;
  }

  /** In a container that has grown the heap grows in a pause of V8, which a thread that looks at that moment would forbid. The hook is armed: nothing is lost at V8's limit. */
  #mayGrow({ limitBytes }: MemorySample): boolean {
    return limitBytes > this.#terms.limitBytes && isNearLimitArmed();
  }

  /** A former life turns out to have died unseen. */
  want(): void {
    if (this.#terms.mode === 'auto' && !this.isOn) this.#isDecided = false;
  }

  /** The clean end. Never throws. */
  end(): void {
    this.#sentinel?.end();
    this.#sentinel = undefined;
    this.#blocked?.[Symbol.dispose]();
    this.#blocked = undefined;
  }

  #start(): void {
    this.#isDecided = true;
    const { limitBytes, overrideBytes } = this.#terms;
    const started = startSentinel({ limitBytes, look: () => this.#look() });
    if (typeof started === 'string') {
      journal().write('guard', 'no-sentinel', { reason: started });
      return;
    }
    this.#sentinel = started;
    this.#blocked = new BlockedLook(overrideBytes === null ? {} : { overrideBytes });
    journal().write('guard', 'sentinel-started', {});
  }

  #look(): void {
    const { trend, look } = this.#terms;
    const sight = this.#blocked?.see(trend());
    if (sight === undefined) return;
    const { monotonicMs, heapUsedBytes, workingSetBytes } = sight.sample;
    if (!this.#isSaid) {
      const silentMs = Math.round(monotonicMs - this.#lastTickMs);
      journal().write('guard', 'loop-blocked', { silentMs, heapUsedBytes, workingSetBytes });
    }
    this.#isSaid = true;
    look(sight);
  }
}
