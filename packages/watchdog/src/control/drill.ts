import { join } from 'node:path';
import { keptCensuses, performAutopsy, takeCensus } from '@plimsoll/inspect';
import { formatBytes, journal, mib } from '@plimsoll/memory';
import { readIncident } from '../incident/incident-record.ts';
import { siteSentence } from '../incident/incident-readme.ts';
import type { EpisodeMoment } from '../incident/incident-episode.ts';
import type { ControlSubject } from './control-desk.ts';
import { type ControlRequest, ControlRefusal, numberParam } from './protocol.ts';

const defaultBytes: number = mib(8);
const maxBytes: number = mib(64);
/** So many times what it leaks must be free before a drill begins: the evidence has to fit as well. */
const headroomFactor = 4;
const defaultDurationMs = 3_000;
const stepMs = 50;
/** Bytes of one session of the drill: an object of three members, an array of 24 numbers, a text and its entry in the map, as V8's profile and the census see it. */
const sessionBytes = 650;

/** What is leaked, under a path of its own, as if the service had it: the code of the guard is left out of its own evidence. */
const programName = 'plimsoll-drill.js';
const program = `(() => {
  const drilledSessions = new Map();
  // A function: the variables it closes over have names of source code.
  globalThis.plimsollDrill = () => drilledSessions;
  return {
    leak(count) {
      for (let n = 0; n < count; n += 1) {
        const id = drilledSessions.size;
        drilledSessions.set('drill-' + id, { id, user: 'drill ' + id, values: Array.from({ length: 24 }, (_, i) => i + 0.5) });
      }
    },
    clear() {
      drilledSessions.clear();
      delete globalThis.plimsollDrill;
    },
  };
})()`;

interface Leak {
  leak(count: number): void;
  clear(): void;
}

/** What a drill came to. */
export interface DrillReport {
  readonly leakedBytes: number;
  readonly durationMs: number;
  /** What was kept; null when it was removed again. */
  readonly folder: string | null;
  readonly files: readonly string[];
  /** How long the service stood still for the evidence. */
  readonly pauseMs: number;
  /** Whether the evidence names what was leaked. */
  readonly namedBy: { readonly profile: string | null; readonly autopsy: string | null };
  readonly refusals: readonly string[];
  /** What would happen at night, a sentence each. */
  readonly night: readonly string[];
}

/** The exercise: a small bounded leak inside the running service, the evidence of it, and nothing left of either. One at a time. */
export class Drill {
  readonly #subject: ControlSubject;
  readonly #seen: () => EpisodeMoment;
  #leak: Leak | undefined;
  #isRunning = false;

  constructor(subject: ControlSubject, seen: () => EpisodeMoment) {
    this.#subject = subject;
    this.#seen = seen;
  }

  /** Gives back what is held. Never throws. */
  end(): void {
    this.#leak?.clear();
    this.#leak = undefined;
  }

  /**
   * Runs one drill. It stops at once when pressure becomes critical or nobody waits for it any more.
   * @throws ControlRefusal when there is no room for it, or another one runs.
   */
  async run(params: ControlRequest['params'], isGone: () => boolean): Promise<DrillReport> {
    const leakBytes = numberParam(params, 'bytes', [mib(1), maxBytes], defaultBytes);
    const durationMs = numberParam(params, 'durationMs', [stepMs, 60_000], defaultDurationMs);
    this.#requireRoom(leakBytes);
    this.#isRunning = true;
    journal().write('control', 'drill-began', { leakBytes, durationMs });
    try {
      const beganMs = performance.now();
      if (keptCensuses().length === 0) takeCensus({ reason: 'drill' });
      const leakedBytes = await this.#grow(leakBytes, durationMs, isGone);
      const report = this.#file(leakedBytes, params['keep'] === true);
      return { ...report, leakedBytes, durationMs: Math.round(performance.now() - beganMs) };
    } finally {
      this.end();
      this.#isRunning = false;
      journal().write('control', 'drill-ended');
    }
  }

  #requireRoom(leakBytes: number): void {
    if (this.#isRunning) throw new ControlRefusal('busy', 'A drill is running.');
    const { sample, level } = this.#seen();
    const { oldSpaceBytes = sample.heapLimitBytes } = this.#subject.plan ?? {};
    const heapRoomBytes = Math.min(oldSpaceBytes, sample.heapLimitBytes) - sample.heapUsedBytes;
    const neededBytes = leakBytes * headroomFactor;
    const roomBytes = Math.min(sample.headroomBytes, heapRoomBytes);
    if (this.#subject.ladder.hasOpenIncident) {
      throw new ControlRefusal(
        'busy',
        'An incident is open: this is no time for an exercise. One is over after 60 s of calm.',
      );
    }
    if (level !== 'normal' || roomBytes < neededBytes) {
      throw new ControlRefusal(
        'no-room',
        `A drill of ${formatBytes(leakBytes)} needs ${formatBytes(neededBytes)} free in heap and container at the level normal; ${formatBytes(roomBytes)} are free at the level ${level}.`,
      );
    }
  }

  async #grow(leakBytes: number, durationMs: number, isGone: () => boolean): Promise<number> {
    const { runInThisContext } = process.getBuiltinModule('node:vm');
    const leak = runInThisContext(program, { filename: join(process.cwd(), programName) }) as Leak;
    this.#leak = leak;
    const stepCount = Math.ceil(durationMs / stepMs);
    const perStep = Math.ceil(leakBytes / sessionBytes / stepCount);
    for (let step = 0; step < stepCount; step += 1) {
      const { level } = this.#seen();
      if (isGone() || this.#leak === undefined)
        throw new ControlRefusal('failed', 'The drill was broken off.');
      if (level === 'critical' || level === 'terminal') {
        throw new ControlRefusal(
          'no-room',
          `The level became ${level}: the drill was broken off and its memory given back.`,
        );
      }
      leak.leak(perStep);
      await new Promise<void>((resolve) => void setTimeout(resolve, stepMs).unref());
    }
    return perStep * stepCount * sessionBytes;
  }

  #file(leakedBytes: number, keep: boolean): Omit<DrillReport, 'leakedBytes' | 'durationMs'> {
    const { ladder } = this.#subject;
    const moment = this.#seen();
    const beganMs = performance.now();
    const autopsy = performAutopsy();
    const reason = `Drill: ${formatBytes(leakedBytes)} were leaked on purpose`;
    const { folder, files, refusals } = this.#subject.capture(reason, { snapshot: false });
    const pauseMs = Math.round(performance.now() - beganMs);
    if (folder === undefined) throw new ControlRefusal('off', refusals.join(' '));
    const site = readIncident(folder).sites.find(({ file }) => file.endsWith(programName));
    const [finding] = autopsy.findings;
    const isNamed = finding?.kind === 'container' && finding.name === 'drilledSessions';
    if (!keep) ladder.withdraw();
    return {
      folder: keep ? folder : null,
      files,
      pauseMs,
      namedBy: {
        profile: site === undefined ? null : siteSentence(site),
        autopsy: isNamed ? autopsy.sentence : null,
      },
      refusals,
      night: this.#night(moment),
    };
  }

  #night(moment: EpisodeMoment): readonly string[] {
    const { sample, isHeapContained } = moment;
    const { ladder } = this.#subject;
    const besideBytes = Math.max(0, sample.workingSetBytes - sample.heapCommittedBytes);
    const fullBytes = besideBytes + sample.heapLimitBytes;
    const forecast = ladder.forecastSnapshot(moment);
    return [
      isHeapContained
        ? `A leak in the heap ends at V8’s limit of ${formatBytes(sample.heapLimitBytes)} (exit code 134): with ${formatBytes(besideBytes)} beside it that fits the ${formatBytes(sample.limitBytes)} of the container.`
        : `A leak in the heap ends in a kill by the kernel (exit code 137): V8 may grow to ${formatBytes(sample.heapLimitBytes)}, with ${formatBytes(besideBytes)} beside it ${formatBytes(fullBytes)}, which leaves too little of the ${formatBytes(sample.limitBytes)} of the container, or nothing.`,
      `An incident opens when growth is seen for 30 s, or at ${formatBytes(ladder.bounds.triggerRatio * sample.limitBytes)} that cannot be had back.`,
      forecast === undefined
        ? 'No heap snapshot is ever taken here.'
        : forecast.affordableToHeapBytes > sample.heapUsedBytes
          ? `A heap snapshot can be afforded up to a live heap of ${formatBytes(forecast.affordableToHeapBytes)}; there are ${formatBytes(sample.heapUsedBytes)} now.`
          : `A heap snapshot cannot be afforded: ${forecast.reasons.join(' ')}`,
    ];
  }
}
