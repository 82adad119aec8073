import {
  type FullCensus,
  type FullCensusRefusal,
  keptCensuses,
  reportCensuses,
  takeFullCensus,
} from '@plimsoll/inspect';
import type { MemorySample } from '@plimsoll/memory';
import type { IncidentEpisode } from '../incident/incident-episode.ts';

const fileName = 'census.json';

/** What a {@link CensusRung} has to keep to. */
export interface CensusTerms {
  readonly maxPauseMs: number;
  readonly cpuQuotaCores: number;
}

/**
 * Files the censuses that were taken on the way: which containers and classes there were while there was room to look, and how each grew. Costs the writing of a few kB. Where
 * no heap snapshot can be afforded, all objects are counted if that can.
 */
export class CensusRung {
  readonly #terms: CensusTerms;
  #writtenAtMs = 0;
  #full: FullCensus | undefined;

  constructor(terms: CensusTerms) {
    this.#terms = terms;
  }

  /** For a new episode. */
  reset(): void {
    this.#writtenAtMs = 0;
    this.#full = undefined;
  }

  /**
   * Writes the kept censuses into the incident, unless they stand there already.
   * @throws what the file system throws; the older file then stays.
   */
  write(episode: IncidentEpisode): void {
    const newestAtMs = Math.max(keptCensuses().at(-1)?.atMs ?? 0, this.#full?.atMs ?? 0);
    if (newestAtMs <= this.#writtenAtMs) return;
    const record = {
      schemaVersion: 1,
      censuses: reportCensuses(keptCensuses()),
      ...(this.#full === undefined ? {} : { full: this.#full }),
    };
    episode.folder.write(
      fileName,
      'the largest containers and classes on the way, and their growth',
      `${JSON.stringify(record, null, 2)}\n`,
    );
    this.#writtenAtMs = newestAtMs;
  }

  /** Counts all objects by class, or says why that does not fit. Stops the service for at most `maxPauseMs` by its prediction. Never throws. */
  countAll(
    reason: string,
    sample: MemorySample,
    maxPauseMs: number = this.#terms.maxPauseMs,
  ): FullCensus | FullCensusRefusal {
    const { cpuQuotaCores } = this.#terms;
    const { headroomBytes, limitBytes, workingSetBytes, heapCommittedBytes, heapLimitBytes } = sample;
    const besideHeapBytes =
      limitBytes -
      Math.max(0, workingSetBytes - heapCommittedBytes) -
      Math.max(heapLimitBytes, heapCommittedBytes);
    const counted = takeFullCensus({ reason, headroomBytes, besideHeapBytes, maxPauseMs, cpuQuotaCores });
    if ('classes' in counted) this.#full = counted;
    return counted;
  }
}
