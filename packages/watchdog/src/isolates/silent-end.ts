import { journal, type MemorySample } from '@plimsoll/memory';
import { describeProcess } from '../guard/guard-folders.ts';
import { IncidentEpisode, type EpisodeMoment } from '../incident/incident-episode.ts';
import { IncidentStore } from '../incident/incident-store.ts';
import { newBootId } from '../run/process-identity.ts';
import type { IsolateRow } from './isolate-words.ts';
import { WorkerReader } from './worker-reader.ts';
import type { WorkerTerms } from './worker-terms.ts';

/** The trend of a heap that was not looked at while it grew. */
const unknownTrend = Object.freeze({}) as EpisodeMoment['trend'];

/**
 * Files the death of a worker that filled its heap in one stretch of code: which worker, how full it was, the journal and the timeline of the process around it. No variable
 * is named: those of the thread that writes this are not to blame. The folder; undefined where none is filed now. Never throws.
 */
export function fileSilentEnd(terms: WorkerTerms, row: IsolateRow, sentence: string): string | undefined {
  const { config, storeDir, words, identity, limit, timelinePath } = terms;
  if (storeDir === undefined || config.mode === 'dry-run' || !words.admitIncident(config.cooldownMs))
    return undefined;
  try {
    const store = new IncidentStore({
      dir: storeDir,
      quotaBytes: config.incidentQuotaBytes,
      maxCount: config.incidentCount,
      maxAgeMs: config.incidentAgeMs,
    });
    const own = { ...identity, bootId: newBootId() };
    const sample = lastSampleOf(terms, row);
    const folder = store.open({ ...own, openedAtMs: Date.now(), trigger: 'worker' });
    const { limitBytes, source, origin } = limit;
    const episode = new IncidentEpisode(folder, {
      trigger: { name: 'worker', sentence, atMs: sample.atMs },
      process: describeProcess(own, { threadId: row.threadId, file: row.file }),
      limit: { limitBytes, source, origin, heapLimitBytes: row.heapLimitBytes },
      atTrigger: sample,
      timelinePath,
    });
    episode.write({ sample, trend: unknownTrend, level: 'terminal', isHeapContained: true });
    return folder.path;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    journal().write('capture', 'incident-not-written', { reason });
    return undefined;
  }
}

/** The process as it is now, the heap as the worker saw it last: at its death it was full. */
function lastSampleOf({ words, limit }: WorkerTerms, row: IsolateRow): MemorySample {
  using reader = new WorkerReader(words, limit);
  return {
    ...reader.read(),
    heapUsedBytes: row.heapLimitBytes,
    heapCommittedBytes: row.heapLimitBytes,
    heapLimitBytes: row.heapLimitBytes,
    externalBytes: 0,
    arrayBuffersBytes: 0,
  };
}
