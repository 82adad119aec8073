import { formatBytes, journal, type MemorySample, mib } from '@plimsoll/memory';
import type { HeapPlanner } from '../guard/guard-options.ts';
import type { GuardLog } from '../log/guard-log.ts';

/** A limit that moves by less is none that somebody has lowered. */
const loweredRatio = 0.98;
/** Below this share of the new limit there is no hurry to give anything back. */
const usedRatio = 0.5;
/** Two of these are at least this far apart, however often the limit changes. */
const leastApartMs = 60_000;
/** What was given back is looked at after this long. */
const settledMs = 2000;
/** Milliseconds of a full collection for a MiB of heap, seven of them. */
const pauseMsPerMib = 2.1;

/** What a {@link LoweredLimit} is given. */
export interface LoweredLimitTerms {
  readonly log: GuardLog;
  /** Plans the heap for the new limit. */
  readonly plan: HeapPlanner | undefined;
  readonly externalBytes: number;
  /** Longest time that giving back may stop the service, as predicted. */
  readonly maxPauseMs: number;
  /** Has V8 give back what it can; false where it cannot be asked. */
  readonly giveBack: () => boolean;
}

/**
 * A container that was made smaller in place. The levels of pressure follow the new limit by themselves; this has V8 give back garbage, free pages and most of the young
 * generation at once, and says what only a restart gives: V8's own limit cannot be lowered while it runs.
 */
export class LoweredLimit {
  readonly #terms: LoweredLimitTerms;
  #limitBytes = Number.NaN;
  #actedAtMs = Number.NEGATIVE_INFINITY;
  #before: MemorySample | undefined;

  constructor(terms: LoweredLimitTerms) {
    this.#terms = terms;
  }

  /** One tick; below 1 µs while nothing changes. Never throws. */
  tick(sample: MemorySample): void {
    this.#settle(sample);
    const previousBytes = this.#limitBytes;
    if (sample.limitBytes === previousBytes) return;
    this.#limitBytes = sample.limitBytes;
    if (!(sample.limitBytes < previousBytes * loweredRatio)) return;
    if (sample.monotonicMs - this.#actedAtMs < leastApartMs) return;
    this.#actedAtMs = sample.monotonicMs;
    const done = this.#giveBack(sample);
    const { log } = this.#terms;
    const { limitBytes, heapLimitBytes, workingSetBytes } = sample;
    log.write(
      'lowered',
      `The memory limit went down from ${formatBytes(previousBytes)} to ${formatBytes(limitBytes)}, working set ${formatBytes(workingSetBytes)}. ${done} ${this.#restartWords(sample)}`,
      { limitBytes, previousLimitBytes: previousBytes, workingSetBytes, heapLimitBytes },
    );
  }

  #giveBack(sample: MemorySample): string {
    if (sample.workingSetBytes < sample.limitBytes * usedRatio) return 'Nothing has to be given back.';
    const pauseMs = (sample.heapUsedBytes / mib(1)) * pauseMsPerMib;
    if (pauseMs > this.#terms.maxPauseMs)
      return `Giving back would stop the service for about ${Math.round(pauseMs)} ms (PLIMSOLL_MAX_PAUSE ${this.#terms.maxPauseMs} ms): not done.`;
    if (!this.#terms.giveBack()) return 'Nothing is given back: there is no inspector, or only a dry run.';
    this.#before = sample;
    return 'Garbage, free pages and the young generation are given back.';
  }

  #settle(sample: MemorySample): void {
    const before = this.#before;
    if (before === undefined || sample.monotonicMs - before.monotonicMs < settledMs) return;
    this.#before = undefined;
    journal().write('guard', 'given-back', {
      workingSetBytes: sample.workingSetBytes,
      workingSetBeforeBytes: before.workingSetBytes,
      heapCommittedBytes: sample.heapCommittedBytes,
      heapCommittedBeforeBytes: before.heapCommittedBytes,
    });
  }

  #restartWords({ limitBytes, heapLimitBytes }: MemorySample): string {
    const { plan, externalBytes } = this.#terms;
    if (plan === undefined) return `V8 may still grow to ${formatBytes(heapLimitBytes)}.`;
    try {
      const planned = plan({ limitBytes, limitOrigin: 'lowered in place', externalBytes });
      return heapLimitBytes <= planned.heapLimitBytes
        ? `V8's own limit of ${formatBytes(heapLimitBytes)} fits it.`
        : `V8 may still grow to ${formatBytes(heapLimitBytes)}, where the plan has ${formatBytes(planned.heapLimitBytes)}, and workers keep their sizes: both need a restart.`;
    } catch {
      return `No heap fits it: V8 may still grow to ${formatBytes(heapLimitBytes)}. Raise the limit, or restart with less.`;
    }
  }
}
