import { keptCensuses, reportCensus } from '@plimsoll/inspect';
import type { IncidentEpisode } from '../incident/incident-episode.ts';

const fileName = 'census.json';

/** Files the censuses that were taken on the way: which containers there were while there was room to look, and how each grew. Costs the writing of a few kB. */
export class CensusRung {
  #writtenAtMs = 0;

  /** For a new episode. */
  reset(): void {
    this.#writtenAtMs = 0;
  }

  /**
   * Writes the kept censuses into the incident, unless they stand there already.
   * @throws what the file system throws; the older file then stays.
   */
  write(episode: IncidentEpisode): void {
    const newestAtMs = keptCensuses().at(-1)?.atMs ?? 0;
    if (newestAtMs <= this.#writtenAtMs) return;
    const record = { schemaVersion: 1, censuses: keptCensuses().map(reportCensus) };
    episode.folder.write(
      fileName,
      'the largest containers on the way, and their growth',
      `${JSON.stringify(record, null, 2)}\n`,
    );
    this.#writtenAtMs = newestAtMs;
  }
}
