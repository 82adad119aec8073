import {
  journal,
  listHolders,
  type MemorySample,
  type MemoryTrend,
  type PressureLevel,
  pressureLevels,
} from '@plimsoll/memory';
import type { IsolateRow } from '../isolates/isolate-words.ts';
import type { NeighbourReport } from '../neighbours/neighbour-watch.ts';
import type { InFlightReport } from '../in-flight/in-flight-request.ts';
import { timelineCsv } from '../timeline/timeline-csv.ts';
import { readTimeline } from '../timeline/timeline-ring.ts';
import { causeOf, type CauseEvidence, findingsOf } from './incident-cause.ts';
import type { IncidentFolder } from './incident-folder.ts';
import { incidentReadme } from './incident-readme.ts';
import {
  type IncidentCapture,
  type IncidentEnding,
  incidentFileName,
  type IncidentRecord,
  type IncidentRefusal,
  incidentSchemaVersion,
  type IncidentSite,
} from './incident-record.ts';

/** Sites named in incident.json. */
const maxSites = 12;
/** Holders named in incident.json. */
const maxHolders = 20;

/** What an episode is told once, when it opens. */
export interface EpisodeOrigin {
  readonly trigger: IncidentRecord['trigger'];
  readonly process: IncidentRecord['process'];
  readonly limit: IncidentRecord['limit'];
  readonly atTrigger: MemorySample;
  /** The guarded worker threads of this moment; undefined where this is about one of them. */
  readonly workers?: (() => readonly IsolateRow[]) | undefined;
  /** The other processes of the control group, as of a sample. */
  readonly neighbours?: ((sample: MemorySample) => NeighbourReport | undefined) | undefined;
  /** The requests of this moment; undefined where nobody follows them. */
  readonly requests?: (() => InFlightReport | undefined) | undefined;
  /** The living timeline, or undefined when there is none. */
  readonly timelinePath: string | undefined;
}

/** What one tick adds to an episode. */
export interface EpisodeMoment {
  readonly sample: MemorySample;
  readonly trend: MemoryTrend;
  readonly level: PressureLevel;
  /** A heap grown to V8's limit still fits the container. */
  readonly isHeapContained: boolean;
}

/**
 * One incident of a living process: opened once, whole from its first moment, written again as things get worse. {@link IncidentEpisode.write} is the only way
 * anything but a capture gets into its folder, and ends with `incident.json`, so that this file never names one that is not there.
 */
export class IncidentEpisode {
  readonly folder: IncidentFolder;
  readonly #origin: EpisodeOrigin;
  readonly #captures: IncidentCapture[] = [];
  readonly #refusals = new Map<string, IncidentRefusal>();
  #sites: readonly IncidentSite[] = [];
  #sitesOf: IncidentRecord['sitesOf'] = 'heap';
  #autopsy: IncidentRecord['autopsy'];
  #ending: IncidentEnding | undefined;
  #laterTriggers: IncidentRecord['trigger'][] = [];
  #requests: InFlightReport | undefined;
  #neighbours: NeighbourReport | undefined;
  #requestsAtBytes = 0;
  #neighboursAtBytes = 0;
  #deepestLevel: PressureLevel = 'normal';
  #linkedTimeline = false;
  #snapshotNumber = 0;

  constructor(folder: IncidentFolder, origin: EpisodeOrigin) {
    this.folder = folder;
    this.#origin = origin;
  }

  get deepestLevel(): PressureLevel {
    return this.#deepestLevel;
  }

  get sites(): readonly IncidentSite[] {
    return this.#sites;
  }

  get captures(): readonly IncidentCapture[] {
    return this.#captures;
  }

  /** The number of the next snapshot, from 1; never one that was used before. */
  nextSnapshotNumber(): number {
    this.#snapshotNumber += 1;
    return this.#snapshotNumber;
  }

  /** Notes a capture; one of the same file replaces the older. */
  addCapture(capture: IncidentCapture): void {
    const index = this.#captures.findIndex(({ file }) => file === capture.file);
    if (index < 0) this.#captures.push(capture);
    else this.#captures[index] = capture;
    if (capture.rung === 'snapshot') this.#refusals.delete(capture.rung);
  }

  /** Forgets a capture whose file turned out not to be whole. */
  dropCapture(file: string): void {
    const index = this.#captures.findIndex((capture) => capture.file === file);
    if (index >= 0) this.#captures.splice(index, 1);
    this.folder.drop(file);
  }

  /** Notes what fired while this incident was open; each trigger once. */
  noteTrigger(trigger: IncidentRecord['trigger']): void {
    const isKnown = [this.#origin.trigger, ...this.#laterTriggers].some(({ name }) => name === trigger.name);
    if (!isKnown) this.#laterTriggers.push(trigger);
  }

  /** Notes a rung that was not taken: the newest reasons of each rung are kept. */
  addRefusal(refusal: IncidentRefusal): void {
    this.#refusals.set(refusal.rung, refusal);
  }

  /** The sites of the newest profile, and what their bytes are. */
  setSites(sites: readonly IncidentSite[], kind: IncidentRecord['sitesOf']): void {
    this.#sites = sites.slice(0, maxSites);
    this.#sitesOf = kind;
  }

  /** The process ends here. */
  setEnding(ending: IncidentEnding): void {
    this.#ending = ending;
  }

  /** What the newest autopsy found. */
  setAutopsy(autopsy: NonNullable<IncidentRecord['autopsy']>): void {
    this.#autopsy = autopsy;
  }

  /**
   * Writes everything that is known now and gives the folder its name.
   * @throws what the file system throws; what was whole before stays whole.
   */
  write(moment: EpisodeMoment): void {
    if (pressureLevels.indexOf(moment.level) > pressureLevels.indexOf(this.#deepestLevel)) {
      this.#deepestLevel = moment.level;
    }
    this.#seeRequests(moment.sample);
    this.#seeNeighbours(moment.sample);
    this.#writeTimeline();
    this.folder.write(
      'journal.ndjson',
      'every decision of the guard, one JSON object a line',
      journal()
        .entries()
        .map((entry) => `${JSON.stringify(entry)}\n`)
        .join('') || '\n',
    );
    const record = this.record(moment);
    this.folder.write('README.txt', 'this overview', incidentReadme(record));
    this.folder.write(incidentFileName, 'this incident for programs', `${JSON.stringify(record, null, 2)}\n`);
    this.folder.writeManifest();
    this.folder.publish();
  }

  /** The record as it would be written. */
  record(moment: EpisodeMoment): IncidentRecord {
    const { trigger, process: identity, limit, atTrigger } = this.#origin;
    const workers = this.#origin.workers?.() ?? [];
    const evidence: CauseEvidence = {
      latest: moment.sample,
      limit,
      sites: this.#sites,
      sitesOf: this.#sitesOf,
      ...(this.#requests === undefined ? {} : { requests: this.#requests }),
      ...(this.#autopsy === undefined ? {} : { autopsy: this.#autopsy }),
      ...(workers.length === 0 ? {} : { workers }),
      ...(this.#neighbours === undefined ? {} : { neighbours: this.#neighbours }),
    };
    return {
      schemaVersion: incidentSchemaVersion,
      id: this.folder.name,
      trigger,
      cause: causeOf(evidence),
      findings: findingsOf(evidence),
      ...(this.#laterTriggers.length === 0 ? {} : { laterTriggers: this.#laterTriggers }),
      updatedAtMs: Date.now(),
      process: identity,
      deepestLevel: this.#deepestLevel,
      atTrigger,
      trend: { ...moment.trend },
      ...evidence,
      ...(this.#ending === undefined ? {} : { ending: this.#ending }),
      holders: listHolders()
        .slice(0, maxHolders)
        .map(({ name, bytes }) => ({ name, bytes })),
      captures: this.#captures,
      refusals: [...this.#refusals.values()],
      files: this.folder.files.filter(({ name }) => name !== incidentFileName),
    };
  }

  /** Who was there when it was worst. */
  #seeRequests({ workingSetBytes }: MemorySample): void {
    if (workingSetBytes <= this.#requestsAtBytes) return;
    const report = this.#origin.requests?.();
    if (report === undefined || report.count === 0) return;
    this.#requests = report;
    this.#requestsAtBytes = workingSetBytes;
  }

  /** As above: afterwards the one that grew may have been killed. */
  #seeNeighbours(sample: MemorySample): void {
    if (sample.workingSetBytes <= this.#neighboursAtBytes) return;
    const report = this.#origin.neighbours?.(sample);
    if (report === undefined) return;
    this.#neighbours = report;
    this.#neighboursAtBytes = sample.workingSetBytes;
  }

  /** The csv up to now, and once a hard link to the living ring, which goes on to the last tick by itself. */
  #writeTimeline(): void {
    const { timelinePath } = this.#origin;
    if (timelinePath === undefined) return;
    let text: string;
    try {
      text = timelineCsv(readTimeline(timelinePath));
    } catch (error) {
      // Gone: a person has cleaned up, or a replica took this process for dead while it was stopped. All else is still worth filing.
      const reason = error instanceof Error ? error.message : String(error);
      journal().write('capture', 'timeline-unread', { reason });
      return;
    }
    this.folder.write('timeline.csv', 'memory tick by tick', text);
    if (this.#linkedTimeline) return;
    this.#linkedTimeline = true;
    try {
      this.folder.link(timelinePath, 'timeline.ring', 'the same up to the last tick, binary');
    } catch {
      // Another device, or a file system without hard links: the csv holds the time up to its writing.
    }
  }
}
