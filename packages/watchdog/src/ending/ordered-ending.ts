import { channel } from 'node:diagnostics_channel';
import { journal, mib } from '@plimsoll/memory';
import type { EpisodeMoment } from '../incident/incident-episode.ts';
import { describeState } from '../ladder/danger.ts';
import type { Livelock } from '../livelock/livelock-watch.ts';
import type { GuardLog } from '../log/guard-log.ts';

/** The diagnostics channel an ordered ending is published on as it begins: readiness and admission listen there. */
export const endingChannelName = 'plimsoll:ending';
const endingChannel = channel(endingChannelName);

/** Death must be imminent for so long: a level may flicker. */
const surelyMs = 1000;
/** Full: the container, with less than a tenth or 24 MiB left, or the heap, which V8 ends above 95 %. */
const fullRatio = 0.9;
const leastHeadroomBytes: number = mib(24);
const fullHeapRatio = 0.95;
/** Requests in flight may take this share of the deadline; the rest is for the hooks. */
const drainRatio = 0.5;
const lookEveryMs = 25;

/** What an ending hook is told. */
export interface EndingContext {
  /** Why the process ends, in one sentence with numbers. */
  readonly reason: string;
  /** Milliseconds left for all hooks together. */
  readonly leftMs: number;
  /** Aborted when that time is over. */
  readonly signal: AbortSignal;
}

/** Closes something before the process ends: a server, a database, a queue. What it throws is journalled; the next hook runs. */
export type EndingHook = (context: EndingContext) => void | Promise<void>;

/** What is published on {@link endingChannelName}. */
export interface EndingEvent {
  readonly reason: string;
  readonly deadlineMs: number;
}

/** What an {@link OrderedEnding} is given. */
export interface EndingTerms {
  /** False: nothing ends. */
  readonly isOn: boolean;
  /** Only says what it would do. */
  readonly isDry: boolean;
  readonly deadlineMs: number;
  readonly exitCode: number;
  readonly log: GuardLog;
  /** Takes the reason down in incident and termination message. */
  readonly foretell: (reason: string, moment: EpisodeMoment) => void;
  /** No new work; work in flight goes on. */
  readonly stopAccepting: () => void;
  readonly inFlightCount: () => number;
}

/**
 * Ends the process before it is killed, once, in order: evidence is on file, no new work, work in flight answered, hooks, exit. Listens to no signal: SIGTERM means what it means
 * without us, also in the middle of this.
 */
export class OrderedEnding {
  readonly #terms: EndingTerms;
  readonly #hooks = new Set<EndingHook>();
  #imminentSinceMs: number | undefined;
  #hasBegun = false;

  constructor(terms: EndingTerms) {
    this.#terms = terms;
  }

  /** True from the moment no new work should come. */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** Runs `hook` when the process ends in order, the last one first. */
  onEnding(hook: EndingHook): Disposable {
    this.#hooks.add(hook);
    return { [Symbol.dispose]: () => void this.#hooks.delete(hook) };
  }

  /** One tick. Begins the end when death has been imminent for a second and there is next to nothing left, or the container gets stuck. Never throws. */
  tick(moment: EpisodeMoment, livelock: Livelock | undefined): void {
    if (!this.#terms.isOn || this.#hasBegun) return;
    const { monotonicMs } = moment.sample;
    if (moment.level !== 'terminal' && livelock === undefined) {
      this.#imminentSinceMs = undefined;
      return;
    }
    this.#imminentSinceMs ??= monotonicMs;
    if (monotonicMs - this.#imminentSinceMs < surelyMs) return;
    if (livelock === undefined && !isNearlyFull(moment)) return;
    const why = livelock?.sentence ?? `The pressure level is terminal: ${describeState(moment.sample)}.`;
    void this.#end(why, moment);
  }

  /** Never rejects. */
  async #end(why: string, moment: EpisodeMoment): Promise<void> {
    const { isDry, deadlineMs, exitCode, log, foretell, stopAccepting } = this.#terms;
    this.#hasBegun = true;
    if (isDry) {
      journal().write('guard', 'would-end', { reason: why, exitCode });
      log.write('dry-run', `The process would be ended in order with exit code ${exitCode}: ${why}`, {
        exitCode,
      });
      return;
    }
    const untilMs = performance.now() + deadlineMs;
    const reason = `The process ends in order, with exit code ${exitCode}, before it is killed: ${why}`;
    journal().write('guard', 'ending-begins', { reason, deadlineMs, exitCode });
    foretell(reason, moment);
    log.write('ending', reason, { exitCode, deadlineMs, inFlightCount: this.#terms.inFlightCount() });
    if (endingChannel.hasSubscribers)
      endingChannel.publish({ reason: why, deadlineMs } satisfies EndingEvent);
    stopAccepting();
    const left = await this.#drain(performance.now() + deadlineMs * drainRatio);
    const late = await this.#runHooks(why, untilMs);
    journal().write('guard', 'ending-done', { inFlightCount: left, lateHookCount: late });
    // The one thing this is for. Exit listeners of the service run, and ours: the incident is written a last time.
    // oxlint-disable-next-line no-restricted-properties, unicorn/no-process-exit
    process.exit(exitCode);
  }

  /** Waits for the requests in flight; how many were left. */
  async #drain(untilMs: number): Promise<number> {
    while (this.#terms.inFlightCount() > 0 && performance.now() < untilMs) await pause(lookEveryMs);
    return this.#terms.inFlightCount();
  }

  /** Runs the hooks one after the other, the last one first; how many were not done in time. */
  async #runHooks(reason: string, untilMs: number): Promise<number> {
    const abort = new AbortController();
    const waiting = [...this.#hooks].reverse();
    const deadline = pause(Math.max(0, untilMs - performance.now())).then(() => abort.abort());
    while (waiting.length > 0 && !abort.signal.aborted) {
      const hook = waiting[0] as EndingHook;
      const leftMs = Math.max(0, untilMs - performance.now());
      await Promise.race([runHook(hook, { reason, leftMs, signal: abort.signal }), deadline]);
      if (!abort.signal.aborted) waiting.shift();
    }
    return waiting.length;
  }
}

/** A level may be terminal by the speed of the growth alone: a burst that will stop by itself is no reason to end. */
function isNearlyFull({ sample }: EpisodeMoment): boolean {
  const { headroomBytes, limitBytes, heapUsedBytes, heapLimitBytes } = sample;
  const isContainerFull = headroomBytes < Math.max(leastHeadroomBytes, limitBytes * (1 - fullRatio));
  return isContainerFull || heapUsedBytes >= heapLimitBytes * fullHeapRatio;
}

async function runHook(hook: EndingHook, context: EndingContext): Promise<void> {
  try {
    await hook(context);
  } catch (error) {
    // A hook's fault is the service's; the others must still run.
    journal().write('guard', 'ending-hook-threw', { error: error instanceof Error ? error.name : 'unknown' });
  }
}

/** Keeps the process alive, unlike every other timer of ours: once everything is closed nothing else does, and it would end with 0 before its time. */
function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, durationMs));
}
