import { formatBytes } from '@plimsoll/memory';
import type { EpisodeMoment, IncidentEpisode } from '../incident/incident-episode.ts';
import { siteSentence } from '../incident/incident-readme.ts';
import { requestText } from '../in-flight/in-flight-request.ts';
import type { GuardLog } from '../log/guard-log.ts';

/** The line of an incident that has opened: why, where its evidence is, and the first suspects. */
export function announceIncident(log: GuardLog, episode: IncidentEpisode, moment: EpisodeMoment): void {
  const { sample } = moment;
  const [site] = episode.sites;
  const { trigger, requests } = episode.record(moment);
  const suspect = requests?.suspects[0];
  log.write('incident', `${trigger.sentence} Evidence: ${episode.folder.path}.`, {
    trigger: trigger.name,
    folder: episode.folder.path,
    workingSetBytes: sample.workingSetBytes,
    limitBytes: sample.limitBytes,
    heapUsedBytes: sample.heapUsedBytes,
    externalBytes: sample.externalBytes,
    topSite: site === undefined ? null : siteSentence(site),
    inFlightCount: requests?.count ?? 0,
    topRequest: suspect === undefined ? null : requestText(suspect),
  });
}

/** The line of a snapshot that was taken, the newest capture of `episode`, or of the reasons why none was. */
export function reportSnapshot(
  log: GuardLog,
  episode: IncidentEpisode,
  reasons: readonly string[] | undefined,
): void {
  const folder = episode.folder.path;
  if (reasons !== undefined) {
    log.write('refused', `No heap snapshot: ${reasons.join(' ')}`, { folder });
    return;
  }
  const capture = episode.captures.at(-1);
  if (capture === undefined) return;
  const { file, fileBytes, pauseMs } = capture;
  log.write(
    'captured',
    `Heap snapshot ${file}, ${formatBytes(fileBytes)}: the service stood still ${Math.round(pauseMs)} ms.`,
    { folder, file, pauseMs: Math.round(pauseMs) },
  );
}
