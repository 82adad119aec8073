import {
  type ArmingThresholds,
  disarmNearLimit,
  giveBackHeap,
  isNearLimitArmed,
  type NearLimitContext,
  type NearLimitDecision,
  NearLimitWatch,
  onNearLimit,
  performAutopsy,
  shownExitCode,
} from '@plimsoll/inspect';
import { formatBytes, journal, type JournalEntry, type PlimsollConfig } from '@plimsoll/memory';
import type { HeapGrowthTerms, HeapPlanner } from '../guard/guard-options.ts';
import type { EpisodeMoment } from '../incident/incident-episode.ts';
import { type InFlightReport, reportText } from '../in-flight/in-flight-request.ts';
import { describeState } from '../ladder/danger.ts';
import type { Ladder } from '../ladder/ladder.ts';
import type { GuardLog } from '../log/guard-log.ts';
import { type ThreadIdentity, threadSubject } from '../isolates/thread-identity.ts';
import { TerminationLog } from '../log/termination-log.ts';
import type { Ballast } from './ballast.ts';
import { LoweredLimit } from './lowered-limit.ts';

/** For a worker this stands for the way Node itself ends one at its limit. */
const workerExitCode = 134;
const workerEnding = 'worker ends; its owner gets the error ERR_WORKER_OUT_OF_MEMORY';

/** The variables of the configuration table that a {@link HeapLimitGuard} follows. */
export type HeapLimitConfig = Pick<
  PlimsollConfig,
  | 'autopsy'
  | 'armFloorRatio'
  | 'armUsedRatio'
  | 'armTimeMs'
  | 'armGapMs'
  | 'disarmRatio'
  | 'disarmAfterMs'
  | 'terminationLogPath'
  | 'exitCode'
  | 'externalBytes'
  | 'maxPauseMs'
  | 'mode'
>;

/** Whether the heap may grow now, and to how many bytes. */
export type GrowNow = (
  heap: Pick<HeapGrowthTerms, 'heapLimitBytes' | 'heapUsedBytes' | 'nextHeapLimitBytes'>,
) => number | undefined;

/** What a {@link HeapLimitGuard} is given. */
export interface HeapLimitTerms {
  readonly config: HeapLimitConfig;
  readonly log: GuardLog;
  /** Files the evidence; undefined where there is no folder to file it in. */
  readonly ladder: Ladder | undefined;
  readonly ballast: Ballast | undefined;
  /** The worker whose heap this is; undefined for the main thread. A worker ends alone, so nothing of it is the container's last word. */
  readonly thread?: ThreadIdentity;
  /** A reading of this very moment. */
  readonly look: () => EpisodeMoment;
  /** The last record of the timeline, and the words that explain the end to the next start. */
  readonly keepLast: (moment: EpisodeMoment, lastWords: string) => void;
  /** The requests of this moment. */
  readonly requests: () => InFlightReport | undefined;
  /** Plans the heap for a limit that was lowered in place; none in a worker. */
  readonly plan?: HeapPlanner | undefined;
  /** Asked first at the limit: a container that has grown has room for a larger heap. */
  readonly grow: GrowNow | undefined;
}

/**
 * V8's own limit, from the tick that arms the hook to the last words. Late in a life the hook is armed, a line says so, and room for the last files is put aside; at the
 * limit the heap grows where the container has grown, or everything is filed in the middle of whatever the service was doing, and the process ends as it would have.
 */
export class HeapLimitGuard {
  readonly #terms: HeapLimitTerms;
  readonly #watch: NearLimitWatch | undefined;
  /** The main thread's alone: one limit, one line. */
  readonly #lowered: LoweredLimit | undefined;
  readonly #terminationLog: TerminationLog | undefined;
  readonly #subscriptions: readonly Disposable[];
  readonly #refusals = new Set<string>();
  #moment: EpisodeMoment | undefined;

  constructor(terms: HeapLimitTerms) {
    this.#terms = terms;
    const { config, thread, log, plan } = terms;
    this.#lowered = thread === undefined ? makeLoweredLimit({ config, log, plan }) : undefined;
    this.#terminationLog = thread === undefined ? new TerminationLog(config.terminationLogPath) : undefined;
    const isOn = config.autopsy === 'auto';
    this.#watch = isOn ? new NearLimitWatch({ thresholds: thresholdsOf(config) }) : undefined;
    this.#subscriptions = isOn
      ? [
          journal().follow((entry) => this.#decided(entry)),
          onNearLimit((context) => this.#grow(context)),
          onNearLimit((context) => this.#atLimit(context)),
        ]
      : [];
  }

  /** One tick: a few µs, and 20–300 ms on the few at which a census is taken or the hook is armed. Never throws. */
  tick(moment: EpisodeMoment): void {
    this.#moment = moment;
    this.#watch?.observe(moment.sample, moment.trend);
    this.#lowered?.tick(moment.sample);
  }

  /** Every death that is not V8's: the words stand where the container runtime looks for them, in case there is no time for others. */
  foretell(text: string): void {
    this.#terminationLog?.write(text);
  }

  /** The danger has passed. */
  calm(): void {
    if (!isNearLimitArmed()) this.#terminationLog?.clear();
  }

  /** The clean end. Never throws. */
  end(): void {
    if (this.#watch === undefined) return;
    disarmNearLimit('the guard ends');
    for (const subscription of this.#subscriptions) subscription[Symbol.dispose]();
    this.#terms.ballast?.drop();
    this.#terminationLog?.clear();
  }

  /** What `inspect` decided, for the reader of the log: armed at most once a minute, each reason not to arm once in a life. */
  #decided({ part, event, numbers }: JournalEntry): void {
    if (part !== 'inspect') return;
    const reason = String(numbers['reason'] ?? '');
    if (event === 'armed') this.#armed(reason, Number(numbers['armMs']));
    else if (event === 'disarmed') this.#disarmed();
    else if (event === 'arming-refused' && !this.#refusals.has(reason)) {
      this.#refusals.add(reason);
      this.#terms.log.write(
        'degraded',
        `V8's heap limit is near and its hook stands down: ${reason} A death there is told by what the ticks have filed.`,
        { reason },
      );
      this.#fileNow(reason);
    }
  }

  /** Nothing can be filed at the limit: it is filed at this tick. */
  #fileNow(reason: string): void {
    const moment = this.#moment;
    if (moment === undefined) return;
    const sentence = `V8's heap limit is near and its hook stands down, ${reason.replace(/\.$/, '')}: ${describeState(moment.sample)}.`;
    this.#terms.ladder?.raise({ trigger: 'heap-limit', sentence }, { ...moment, level: 'critical' });
  }

  #armed(reason: string, armMs: number): void {
    const { log, ballast, ladder } = this.#terms;
    const fault = ballast?.load();
    if (fault !== undefined) journal().write('guard', 'no-ballast', { reason: fault });
    const state = this.#moment === undefined ? '' : `; ${describeState(this.#moment.sample)}`;
    const sentence = `V8's heap limit is near (${reason}): its hook is armed, the service stood still ${Math.round(armMs)} ms${state}.`;
    log.write('near-limit', sentence, { reason, armMs: Math.round(armMs) });
    const [folder] = ladder?.folders.slice(-1) ?? [];
    this.#terminationLog?.write(folder === undefined ? sentence : `${sentence} Evidence: ${folder}`);
  }

  #disarmed(): void {
    this.#terms.ballast?.drop();
    this.#terminationLog?.clear();
  }

  #grow(context: NearLimitContext): NearLimitDecision | undefined {
    const { heapLimitBytes, heapUsedBytes, nextHeapLimitBytes, canGrow } = context;
    if (!canGrow) return undefined;
    const growToBytes = this.#terms.grow?.({ heapLimitBytes, heapUsedBytes, nextHeapLimitBytes });
    if (growToBytes === undefined || growToBytes < nextHeapLimitBytes) return undefined;
    this.#terms.log.write(
      'grown',
      `V8 reached its heap limit of ${formatBytes(heapLimitBytes)} and the container has grown: the limit is now ${formatBytes(nextHeapLimitBytes)}, of ${formatBytes(growToBytes)} that the heap may have.`,
      { heapLimitBytes, nextHeapLimitBytes, growToBytes },
    );
    return { growToBytes };
  }

  /** V8's own death, told while it waits. No tick is made here: a tick may do anything, and this thread has no heap left for it. */
  #atLimit({ heapLimitBytes, frames }: NearLimitContext): NearLimitDecision {
    const { config, log, ladder, ballast, look, keepLast, requests, thread } = this.#terms;
    // A worker ends as Node would have ended it; the code is the process's.
    const exit = thread === undefined ? config.exitCode : workerExitCode;
    const who = thread === undefined ? '' : `${threadSubject(thread)}: `;
    const exitCode = thread === undefined ? shownExitCode(exit) : null;
    const ending = thread === undefined ? processEnding(exitCode) : workerEnding;
    const beganMs = performance.now();
    const beganResidentBytes = process.memoryUsage.rss();
    const beganCpu = process.cpuUsage();
    try {
      const now = look();
      // V8 has just quadrupled its limit so that we can run; the reader of the evidence wants the one that was reached.
      const moment = { ...now, sample: { ...now.sample, heapLimitBytes } };
      const opening = `${who}JavaScript heap out of memory: V8 reached its heap limit of ${formatBytes(heapLimitBytes)} and the ${ending}.`;
      keepLast(moment, opening);
      ballast?.drop();
      const filed = ladder?.lastWords(moment, frames, { sentence: opening, exitCode });
      const report = requests();
      const inFlight = report === undefined || report.count === 0 ? '' : ` ${reportText(report)}`;
      // Where there is no folder, stderr and the termination message still carry the name.
      const sentence = filed?.sentence ?? performAutopsy({ frames }).sentence;
      const words = `${opening} ${sentence}${inFlight}`;
      keepLast(moment, words);
      const folder = filed?.folder ?? null;
      const { workingSetBytes, limitBytes, headroomBytes, heapUsedBytes } = moment.sample;
      log.write('death', words, {
        exitCode,
        folder,
        heapUsedBytes,
        heapLimitBytes,
        workingSetBytes,
        limitBytes,
        headroomBytes,
        tookMs: Math.round(performance.now() - beganMs),
        cpuMs: cpuMsSince(beganCpu),
        addedResidentBytes: process.memoryUsage.rss() - beganResidentBytes,
      });
      const evidence = folder === null ? '' : `\nEvidence: ${folder}`;
      this.#terminationLog?.write(`${words}\n${describeState(moment.sample)}.${evidence}`);
    } catch (error) {
      // Whatever went wrong here, the process ends as it would have: that much is said.
      const reason = error instanceof Error ? error.message : 'unknown';
      log.write(
        'death',
        `JavaScript heap out of memory; the last words failed: ${reason.replace(/\s+/g, ' ').slice(0, 200)}`,
      );
    }
    return { exit };
  }
}

function processEnding(exitCode: number | null): string {
  return exitCode === null ? 'process is aborted' : `process ends with exit code ${exitCode}`;
}

function makeLoweredLimit({
  config,
  log,
  plan,
}: Pick<HeapLimitTerms, 'config' | 'log' | 'plan'>): LoweredLimit {
  const { externalBytes, maxPauseMs, mode } = config;
  const giveBack = (): boolean => mode !== 'dry-run' && giveBackHeap();
  return new LoweredLimit({ log, plan, externalBytes, maxPauseMs, giveBack });
}

/** CPU time of all threads; where many share a core the clock says more. */
function cpuMsSince(began: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(began);
  return Math.round((user + system) / 1000);
}

function thresholdsOf(config: HeapLimitConfig): ArmingThresholds {
  return {
    floorRatio: config.armFloorRatio,
    usedRatio: config.armUsedRatio,
    timeToLimitMs: config.armTimeMs,
    safeRatio: config.disarmRatio,
    safeMs: config.disarmAfterMs,
    leastBetweenMs: config.armGapMs,
  };
}
