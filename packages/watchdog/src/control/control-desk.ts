import { keptCensuses, performAutopsy, takeCensus } from '@plimsoll/inspect';
import {
  formatBytes,
  heldBytes,
  holderBudgetBytes,
  journal,
  listHolders,
  type MemoryLimit,
  mib,
  reclaim,
} from '@plimsoll/memory';
import type { CaptureOutcome } from '../guard/guard.ts';
import type { PlannedHeap } from '../guard/guard-options.ts';
import type { EpisodeMoment } from '../incident/incident-episode.ts';
import type { CaptureTerms } from '../ladder/evidence.ts';
import type { Ladder } from '../ladder/ladder.ts';
import { accountTriggers } from '../ladder/trigger-account.ts';
import type { ProcessIdentity } from '../run/process-identity.ts';
import { Drill } from './drill.ts';
import { type ControlRequest, ControlRefusal, numberParam } from './protocol.ts';

/** What the channel knows of the guard. */
export interface ControlSubject {
  readonly identity: ProcessIdentity;
  readonly limit: MemoryLimit;
  readonly plan: PlannedHeap | undefined;
  readonly cooldownMs: number;
  readonly ladder: Ladder;
  readonly offReasons: readonly string[];
  readonly incidents: readonly string[];
  capture(reason: string, terms: CaptureTerms): CaptureOutcome;
}

/** A census needs so much while it walks; below it, it is refused. */
const censusNeedBytes: number = mib(20);
/** What stops the service may do so for a tenth of the time. */
const restRatio = 9;
const maxRestMs = 60_000;
const maxHolders = 64;
const maxReasonLength = 200;

/** Carries out what is asked through the channel. */
export class ControlDesk {
  readonly #subject: ControlSubject;
  readonly #drill: Drill;
  #moment: EpisodeMoment | undefined;
  #restUntilMs = Number.NEGATIVE_INFINITY;

  constructor(subject: ControlSubject) {
    this.#subject = subject;
    this.#drill = new Drill(subject, () => this.#seen());
  }

  /** Keeps what the last tick saw: asking costs no tick of its own. */
  note(moment: EpisodeMoment): void {
    this.#moment = moment;
  }

  /** Gives back what a drill holds. */
  end(): void {
    this.#drill.end();
  }

  /**
   * The result of one request. `isGone` says whether anybody still waits for it.
   * @throws ControlRefusal; anything else is a fault of what was asked for.
   */
  answer({ method, params }: ControlRequest, isGone: () => boolean): unknown {
    switch (method) {
      case 'sample':
        return this.#sample();
      case 'holders':
        return {
          heldBytes: heldBytes(),
          budgetBytes: holderBudgetBytes() ?? null,
          holders: listHolders().slice(0, maxHolders),
        };
      case 'plan':
        return this.#plan();
      case 'journal':
        return this.#journal(params);
      case 'explain':
        return this.#explain();
      case 'census':
        return this.#standStill(() => this.#census(params));
      case 'reclaim':
        return reclaim(
          numberParam(params, 'targetBytes', [1, Number.MAX_SAFE_INTEGER], undefined),
          'control',
        );
      case 'capture':
        return this.#capture(params);
      case 'drill':
        return this.#drill.run(params, isGone);
    }
  }

  #seen(): EpisodeMoment {
    if (this.#moment === undefined) throw new ControlRefusal('off', 'Nothing has been seen yet.');
    return this.#moment;
  }

  #sample(): unknown {
    const { identity, limit, ladder, offReasons, incidents } = this.#subject;
    const { sample, trend, level, isHeapContained } = this.#seen();
    const [largestHolder] = listHolders();
    return {
      identity,
      nodeVersion: process.versions.node,
      limit: { limitBytes: limit.limitBytes, source: limit.source, origin: limit.origin },
      level,
      isHeapContained,
      triggerRatio: ladder.bounds.triggerRatio,
      sample,
      trend,
      heldBytes: heldBytes(),
      largestHolder: largestHolder ?? null,
      incidents,
      offReasons,
    };
  }

  #plan(): unknown {
    const { plan, limit } = this.#subject;
    if (plan === undefined)
      throw new ControlRefusal('off', `No heap was planned for ${formatBytes(limit.limitBytes)}.`);
    const { limitBytes, oldSpaceBytes, heapLimitBytes, flags } = plan;
    return { limitBytes, oldSpaceBytes, heapLimitBytes, flags, text: plan.explain() };
  }

  #journal(params: ControlRequest['params']): unknown {
    const count = numberParam(params, 'count', [1, 1024], 200);
    return { droppedCount: journal().droppedCount, entries: journal().entries().slice(-Math.floor(count)) };
  }

  #explain(): unknown {
    const moment = this.#seen();
    const { ladder, cooldownMs } = this.#subject;
    return {
      triggers: accountTriggers(moment, ladder.bounds),
      cooldown: { cooldownMs, leftMs: ladder.cooldownLeftMs(moment.sample.monotonicMs) },
      hasOpenIncident: ladder.hasOpenIncident,
      snapshot: ladder.forecastSnapshot(moment) ?? null,
    };
  }

  #census(params: ControlRequest['params']): unknown {
    const moment = this.#seen();
    const { sample } = moment;
    if (sample.headroomBytes < censusNeedBytes) {
      throw new ControlRefusal(
        'no-room',
        `A census may need ${formatBytes(censusNeedBytes)}; ${formatBytes(sample.headroomBytes)} are left.`,
      );
    }
    // Before the census that is kept, so that growth shows against an older one.
    const autopsy = performAutopsy();
    if (keptCensuses().length === 0) takeCensus({ reason: 'control' });
    if (params['full'] !== true) return autopsy;
    const maxPauseMs =
      params['maxPauseMs'] === undefined
        ? undefined
        : numberParam(params, 'maxPauseMs', [0, 3_600_000], undefined);
    return { ...autopsy, full: this.#subject.ladder.countAll(moment, maxPauseMs) };
  }

  #capture(params: ControlRequest['params']): unknown {
    const moment = this.#seen();
    const { ladder } = this.#subject;
    const maxPauseMs = params['maxPauseMs'];
    const snapshot = params['snapshot'] !== false;
    const terms: CaptureTerms = {
      snapshot,
      ...(maxPauseMs === undefined
        ? {}
        : { maxPauseMs: numberParam(params, 'maxPauseMs', [0, 3_600_000], undefined) }),
    };
    const forecast = snapshot ? (ladder.forecastSnapshot(moment, terms.maxPauseMs) ?? null) : null;
    if (params['dryRun'] === true) return { forecast };
    const { reason = 'asked for through the control channel' } = params;
    if (typeof reason !== 'string' || reason.length > maxReasonLength) {
      throw new ControlRefusal('bad-request', `reason is no text of at most ${maxReasonLength} characters.`);
    }
    return this.#standStill(() => {
      const beganMs = performance.now();
      const outcome = this.#subject.capture(reason, terms);
      return { ...outcome, forecast, tookMs: performance.now() - beganMs };
    });
  }

  /** Runs `work`, and then nothing of its kind for nine times as long as it took. */
  #standStill<T>(work: () => T): T {
    const beganMs = performance.now();
    if (beganMs < this.#restUntilMs) {
      const seconds = Math.ceil((this.#restUntilMs - beganMs) / 1000);
      throw new ControlRefusal('busy', `The service stood still a moment ago; ask again in ${seconds} s.`);
    }
    try {
      return work();
    } finally {
      const endMs = performance.now();
      this.#restUntilMs = endMs + Math.min(maxRestMs, (endMs - beganMs) * restRatio);
    }
  }
}
