import {
  type AllocationProfile,
  type Autopsy,
  keptCensuses,
  type PausedFrame,
  performAutopsy,
  reportCensus,
} from '@plimsoll/inspect';
import { journal, type MemorySample, type PressureLevel } from '@plimsoll/memory';
import type { IncidentEpisode } from '../incident/incident-episode.ts';
import { isMostlyOffHeap } from './off-heap-sites.ts';

const fileName = 'autopsy.json';
const censusFileName = 'census.json';

/** The rung that names a variable: which container of the program holds what grew. Once for each deep level of an episode, and at the end. */
export class AutopsyRung {
  #doneAt = new Set<PressureLevel>();

  /** For a new episode. */
  reset(): void {
    this.#doneAt = new Set();
  }

  /** True when the level is deep and none was made at it yet: each stops the service for 50–300 ms. */
  isDue(level: PressureLevel): boolean {
    return (level === 'critical' || level === 'terminal') && !this.#doneAt.has(level);
  }

  /**
   * Makes an autopsy and writes it into the incident in place of the older one. `frames` are those of V8's pause at its limit.
   * @throws what the file system throws; the older one then stays.
   */
  take(
    episode: IncidentEpisode,
    sample: MemorySample,
    level: PressureLevel,
    profile: AllocationProfile | undefined,
    frames?: readonly PausedFrame[],
  ): Autopsy {
    this.#doneAt.add(level);
    const beganMs = performance.now();
    const autopsy = performAutopsy({
      subject: frames === undefined && isMostlyOffHeap(sample) ? 'off-heap' : 'heap',
      ...(profile === undefined ? {} : { profile }),
      ...(frames === undefined ? {} : { frames }),
    });
    const { atMs, sentence, findings } = autopsy;
    const file = episode.folder.write(
      fileName,
      'which variables hold what grew, for programs',
      `${JSON.stringify(autopsy, null, 2)}\n`,
    );
    const censuses = keptCensuses().map(reportCensus);
    if (censuses.length > 0) {
      episode.folder.write(
        censusFileName,
        'the containers of the program at earlier moments, for programs',
        `${JSON.stringify({ schemaVersion: 1, censuses }, null, 2)}\n`,
      );
    }
    episode.setAutopsy({ atMs, sentence, findings });
    const pauseMs = performance.now() - beganMs;
    const numbers = { findingCount: findings.length, confidence: findings[0]?.confidence ?? 0 };
    episode.addCapture({
      atMs,
      rung: 'autopsy',
      file: file.name,
      fileBytes: file.fileBytes,
      pauseMs,
      numbers,
      check: 'whole',
    });
    journal().write('capture', 'autopsy-written', {
      ...numbers,
      pauseMs: Math.round(pauseMs),
      atLimit: frames !== undefined,
    });
    return autopsy;
  }
}
