import type { MemorySample, MemoryTrend, PressureLevel } from '@plimsoll/memory';
import type { ProcessIdentity } from './process-identity.ts';
import type { RunFolder } from './run-folder.ts';

/** `status.json` is written this often while nothing changes. */
const statusEveryMs = 10_000;

/** What goes into `status.json` beside the numbers of the tick. */
export interface RunState {
  readonly incident: string | null;
  readonly offReasons: readonly string[];
  /** Said at V8's heap limit: written at once. */
  readonly lastWords?: string;
}

/** Keeps timeline and status of a living process, tick by tick. A disk that fails takes both away for good. */
export class RunKeeper {
  readonly #identity: ProcessIdentity;
  #run: RunFolder | undefined;
  #level: PressureLevel = 'normal';
  #writtenAtMs = Number.NEGATIVE_INFINITY;

  constructor(run: RunFolder | undefined, identity: ProcessIdentity) {
    this.#run = run;
    this.#identity = identity;
  }

  /** Writes one tick. Returns why it was the last one, or undefined. Never throws. */
  tick(sample: MemorySample, trend: MemoryTrend, level: PressureLevel, state: RunState): string | undefined {
    if (this.#run === undefined) return undefined;
    try {
      this.#run.timeline.write(sample, level);
      const isDue =
        state.lastWords !== undefined ||
        level !== this.#level ||
        sample.monotonicMs - this.#writtenAtMs >= statusEveryMs;
      if (!isDue) return undefined;
      this.#level = level;
      this.#writtenAtMs = sample.monotonicMs;
      this.#run.writeStatus({
        schemaVersion: 1,
        identity: this.#identity,
        atMs: sample.atMs,
        level,
        sample,
        trend: { ...trend },
        ...state,
      });
      return undefined;
    } catch (error) {
      this.#run = undefined;
      return `The timeline ended: ${error instanceof Error ? error.message : String(error)}`;
    }
  }

  /** The clean end: nothing is left on disk. Never throws. */
  end(): void {
    this.#run?.end();
  }
}
