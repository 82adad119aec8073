import type { MemorySample, PressureLevel } from '@plimsoll/memory';
import type { InFlightReport } from '../in-flight/in-flight-request.ts';
import { reportLevel } from './guard-lines.ts';
import type { GuardLog } from './guard-log.ts';

/** Two lines about the level are at least this far apart. */
const everyMs = 60_000;

/** Says in a line when the level becomes critical or terminal: once a minute at most, and always when it gets deeper. */
export class LevelLines {
  readonly #log: GuardLog;
  #level: PressureLevel = 'normal';
  #saidAtMs = Number.NEGATIVE_INFINITY;
  /** Why the level is what it is, as it was decided. */
  reason = '';

  constructor(log: GuardLog) {
    this.#log = log;
  }

  /** One tick. */
  tick(
    sample: MemorySample,
    level: PressureLevel,
    incident: string | null,
    requests: () => InFlightReport | undefined,
  ): void {
    if (level === this.#level) return;
    const isDeep = level === 'critical' || level === 'terminal';
    const wasDeep = this.#level === 'critical' || this.#level === 'terminal';
    this.#level = level;
    if (!isDeep || (wasDeep && level === 'critical')) return;
    if (!wasDeep && sample.monotonicMs - this.#saidAtMs < everyMs) return;
    this.#saidAtMs = sample.monotonicMs;
    reportLevel(this.#log, sample, level, this.reason, incident, requests());
  }
}
