import { linkSync } from 'node:fs';
import { join } from 'node:path';
import {
  journal,
  listHolders,
  type MemorySample,
  type MemoryTrend,
  type PressureLevel,
  pressureLevels,
} from '@plimsoll/memory';
import { timelineCsv } from '../timeline/timeline-csv.ts';
import { readTimeline, timelineFileBytes } from '../timeline/timeline-ring.ts';
import type { IncidentFolder } from './incident-folder.ts';
import { incidentReadme } from './incident-readme.ts';
import {
  type IncidentCapture,
  type IncidentEnding,
  type IncidentFile,
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
  #deepestLevel: PressureLevel = 'normal';
  #linkedTimeline = false;

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

  /** How many snapshots were taken. */
  get snapshotCount(): number {
    return this.#captures.filter((capture) => capture.rung === 'snapshot').length;
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
    const files = [...this.#writeTimeline(), ...this.folder.files];
    this.folder.write(
      'journal.ndjson',
      'every decision of the guard, one JSON object a line',
      journal()
        .entries()
        .map((entry) => `${JSON.stringify(entry)}\n`)
        .join('') || '\n',
    );
    const record = this.record(moment, uniqueFiles([...files, ...this.folder.files]));
    this.folder.write('README.txt', 'this overview', incidentReadme(record));
    this.folder.write(incidentFileName, 'this incident for programs', `${JSON.stringify(record, null, 2)}\n`);
    this.folder.publish();
  }

  /** The record as it would be written. */
  record(moment: EpisodeMoment, files: readonly IncidentFile[] = this.folder.files): IncidentRecord {
    const { trigger, process: identity, limit, atTrigger } = this.#origin;
    return {
      schemaVersion: incidentSchemaVersion,
      id: this.folder.name,
      trigger,
      updatedAtMs: Date.now(),
      process: identity,
      limit,
      deepestLevel: this.#deepestLevel,
      atTrigger,
      latest: moment.sample,
      trend: { ...moment.trend },
      sites: this.#sites,
      sitesOf: this.#sitesOf,
      ...(this.#autopsy === undefined ? {} : { autopsy: this.#autopsy }),
      ...(this.#ending === undefined ? {} : { ending: this.#ending }),
      holders: listHolders()
        .slice(0, maxHolders)
        .map(({ name, bytes }) => ({ name, bytes })),
      captures: this.#captures,
      refusals: [...this.#refusals.values()],
      files: files.filter(({ name }) => name !== incidentFileName),
    };
  }

  /** The csv up to now, and once a hard link to the living ring, which goes on to the last tick by itself. */
  #writeTimeline(): IncidentFile[] {
    const { timelinePath } = this.#origin;
    if (timelinePath === undefined) return [];
    this.folder.write('timeline.csv', 'memory tick by tick', timelineCsv(readTimeline(timelinePath)));
    if (!this.#linkedTimeline) {
      try {
        linkSync(timelinePath, join(this.folder.path, 'timeline.ring'));
        this.#linkedTimeline = true;
      } catch {
        // Another device, or a file system without hard links: the csv holds the time up to its writing.
        return [];
      }
    }
    return [
      {
        name: 'timeline.ring',
        fileBytes: timelineFileBytes,
        content: 'the same up to the last tick, binary',
      },
    ];
  }
}

function uniqueFiles(files: readonly IncidentFile[]): IncidentFile[] {
  return [...new Map(files.map((file) => [file.name, file])).values()];
}
