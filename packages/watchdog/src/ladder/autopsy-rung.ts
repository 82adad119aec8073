import { type AllocationProfile, type Autopsy, type PausedFrame, performAutopsy } from '@plimsoll/inspect';
import { journal, type PressureLevel } from '@plimsoll/memory';
import type { EpisodeMoment, IncidentEpisode } from '../incident/incident-episode.ts';
import { isMostlyOffHeap } from './off-heap-sites.ts';

const fileName = 'autopsy.json';
/** Growth must not use the headroom up until the autopsy is on disk: the longest tick and the autopsy itself. */
const untilDoneMs = 1500;

/** What an {@link AutopsyRung} follows. */
export interface AutopsyTerms {
  /** Autopsies may be made. */
  readonly isOn: boolean;
  /** What an autopsy wants to find free in the container. */
  readonly headroomBytes: number;
}

/**
 * The rung that names a variable: which container of the program holds what grew. Once for each deep level of an episode, once when the container's headroom is about to become
 * too small for it, so that the kernel does not come first, and at V8's limit.
 */
export class AutopsyRung {
  readonly #terms: AutopsyTerms;
  #doneAt = new Set<PressureLevel | 'headroom'>();

  constructor(terms: AutopsyTerms) {
    this.#terms = terms;
  }

  /** For a new episode. */
  reset(): void {
    this.#doneAt = new Set();
  }

  /** True when one is worth the 50–300 ms it stops the service: the level is deep and none was made at it yet, or it is now or never. */
  isDue(moment: EpisodeMoment): boolean {
    const { level } = moment;
    const isDeep = level === 'critical' || level === 'terminal';
    return (this.#terms.isOn && isDeep && !this.#doneAt.has(level)) || this.isLastChance(moment);
  }

  /** True when it must be made at this tick, or it may never be: what is left of the container is about what it needs. */
  isLastChance({ sample, trend }: EpisodeMoment): boolean {
    if (!this.#terms.isOn || this.#doneAt.has('headroom')) return false;
    const growthBytes = (Math.max(0, trend.workingSet.slopeBytesPerSecond) * untilDoneMs) / 1000;
    return sample.headroomBytes < this.#terms.headroomBytes + growthBytes;
  }

  /** Makes an autopsy. `frames` are those of V8's pause at its limit. Never throws. */
  make(
    moment: EpisodeMoment,
    profile: AllocationProfile | undefined,
    frames?: readonly PausedFrame[],
  ): Autopsy {
    if (this.isLastChance(moment)) this.#doneAt.add('headroom');
    this.#doneAt.add(moment.level);
    const { externalBytes, otherNativeBytes, workerHeapBytes } = moment.sample;
    const autopsy = performAutopsy({
      offHeapBytes: externalBytes + otherNativeBytes + workerHeapBytes,
      subject: frames === undefined && isMostlyOffHeap(moment.sample) ? 'off-heap' : 'heap',
      ...(profile === undefined ? {} : { profile }),
      ...(frames === undefined ? {} : { frames }),
    });
    journal().write('capture', 'autopsy-made', {
      confidence: autopsy.findings[0]?.confidence ?? 0,
      tookMs: Math.round(autopsy.tookMs),
      atLimit: frames !== undefined,
      headroomBytes: moment.sample.headroomBytes,
    });
    return autopsy;
  }

  /**
   * Writes `autopsy` into the incident in place of the older one.
   * @throws what the file system throws; the older one then stays.
   */
  file(episode: IncidentEpisode, autopsy: Autopsy): void {
    const { atMs, sentence, findings, tookMs } = autopsy;
    episode.setAutopsy({ atMs, sentence, findings });
    const { name, fileBytes } = episode.folder.write(
      fileName,
      'which variables hold what grew, for programs',
      `${JSON.stringify(autopsy, null, 2)}\n`,
    );
    episode.addCapture({
      atMs,
      rung: 'autopsy',
      file: name,
      fileBytes,
      pauseMs: tookMs,
      numbers: { findingCount: findings.length, confidence: findings[0]?.confidence ?? 0 },
      check: 'whole',
    });
  }
}
