import {
  type AllocationProfile,
  type Autopsy,
  collectHeap,
  type FullCensus,
  type FullCensusRefusal,
  type PausedFrame,
} from '@plimsoll/inspect';
import type { Backends } from '../backends/backends.ts';
import { CaptureSlots } from '../incident/capture-slots.ts';
import type { EpisodeMoment, IncidentEpisode } from '../incident/incident-episode.ts';
import type { IncidentRefusal } from '../incident/incident-record.ts';
import { AutopsyRung, type AutopsyTerms } from './autopsy-rung.ts';
import { announceIncident, reportSnapshot } from './capture-lines.ts';
import { CensusRung } from './census-rung.ts';
import { CpuShare } from './cpu-share.ts';
import type { EpisodeTerms } from './episode-keeper.ts';
import { ProfileRung } from './profile-rung.ts';
import { type SnapshotForecast, SnapshotRung } from './snapshot-rung.ts';

/** What {@link Evidence} is made with. */
export interface EvidenceTerms extends EpisodeTerms {
  readonly maxPauseMs: number;
  readonly autopsies: AutopsyTerms;
  /** Heap snapshots may be taken. */
  readonly snapshots: boolean;
  /**
   * What writes beside Node.js itself.
   * @default nothing else
   */
  readonly backends?: Pick<Backends, 'pprof' | 'writeSnapshot'>;
  /** What other heaps of this process may still grow by. */
  readonly reservedBytes?: () => number;
}

/** What somebody who asks for evidence may ask for. */
export interface CaptureTerms {
  /**
   * False leaves the heap snapshot out.
   * @default true
   */
  readonly snapshot?: boolean;
  /**
   * Longest time in milliseconds a heap snapshot may stop the service, this once.
   * @default that of the configuration
   */
  readonly maxPauseMs?: number;
}

/** The rungs of the ladder in the order of their cost: profile, autopsy, census, snapshot. What is taken goes into an incident; whether it is time, others decide. */
export class Evidence {
  readonly #terms: EvidenceTerms;
  readonly #profile: ProfileRung;
  readonly #autopsy: AutopsyRung;
  readonly #census: CensusRung;
  readonly #snapshot: SnapshotRung | undefined;
  readonly #cpuShare = new CpuShare();
  #isAnnounced = false;
  /** The sentence that names another process, where one fills the group. */
  #elsewhere: string | undefined;

  constructor(terms: EvidenceTerms) {
    this.#terms = terms;
    const { store, identity, maxPauseMs, process } = terms;
    this.#profile = new ProfileRung(terms.backends?.pprof);
    this.#autopsy = new AutopsyRung(terms.autopsies);
    this.#census = new CensusRung({ maxPauseMs, cpuQuotaCores: process.cpuQuotaCores });
    this.#snapshot = terms.snapshots
      ? new SnapshotRung({
          store,
          slots: new CaptureSlots(store.dir, identity),
          hostName: identity.hostName,
          cpuQuotaCores: process.cpuQuotaCores,
          cpuShare: this.#cpuShare,
          maxPauseMs,
          write: terms.backends?.writeSnapshot,
          reservedBytes: terms.reservedBytes,
        })
      : undefined;
  }

  /** Every rung may be taken again; of a new incident its line is written with the first. */
  renew(isNew: boolean): void {
    if (isNew) this.#isAnnounced = false;
    this.#elsewhere = undefined;
    this.#autopsy.reset();
    this.#census.reset();
  }

  /** Back to the usual sampling. */
  end(): void {
    this.#profile.end();
  }

  /** Has V8 collect its garbage; the milliseconds it took, undefined when it cannot be asked. */
  collect(): number | undefined {
    return this.#cpuShare.measure(collectHeap);
  }

  /** True when an autopsy must be made now, or may never be. */
  isLastChance(moment: EpisodeMoment): boolean {
    return this.#autopsy.isLastChance(moment);
  }

  /** True when a snapshot of what is alive would fit now. */
  isSnapshotAffordable(moment: EpisodeMoment): boolean {
    return this.#snapshot?.isAffordable(moment) === true;
  }

  /** What a heap snapshot would come to now; undefined where none is ever taken. */
  forecastSnapshot(moment: EpisodeMoment, maxPauseMs?: number): SnapshotForecast | undefined {
    return this.#snapshot?.forecast(moment, maxPauseMs);
  }

  /** Counts all objects of the heap by class, or says why that does not fit. Never throws. */
  countAll({ sample }: EpisodeMoment, maxPauseMs?: number): FullCensus | FullCensusRefusal {
    return this.#census.countAll('asked for', sample, maxPauseMs);
  }

  /**
   * Every rung that is due but the snapshot, then the incident's line, once. Returns the profile.
   * @throws what the file system throws; what is whole stays.
   */
  take(episode: IncidentEpisode, moment: EpisodeMoment): AllocationProfile | undefined {
    const { log, neighbours } = this.#terms;
    const profile = this.#cpuShare.measure(() => this.#profile.take(episode, moment.sample));
    // Once it was a neighbour it stays one for this incident: the kernel may have killed it since.
    this.#elsewhere = neighbours?.(moment.sample)?.sentence ?? this.#elsewhere;
    // What another process holds is in no variable of this one: better silent than wrong.
    if (this.#elsewhere === undefined && this.#autopsy.isDue(moment)) {
      // The profile is recorded before anything that takes longer.
      episode.write(moment);
      this.#autopsy.file(episode, this.#autopsy.make(moment, profile));
    }
    this.#census.write(episode);
    this.#profile.takePprof(episode, moment.sample, profile);
    if (!this.#isAnnounced) announceIncident(log, episode, moment);
    this.#isAnnounced = true;
    return profile;
  }

  /**
   * A heap snapshot, or the reasons why there is none. `verified` is called when every node of it has been counted, in small slices, and when its digest is known; `began` before the service stands still.
   * @throws what the file system throws.
   */
  takeSnapshot(
    episode: IncidentEpisode,
    moment: EpisodeMoment,
    profile: AllocationProfile | undefined,
    asked: CaptureTerms,
    on: { readonly began: () => void; readonly verified: () => void },
  ): void {
    if (this.#elsewhere !== undefined) {
      episode.addRefusal(elsewhereRefusal(this.#elsewhere, moment));
      return;
    }
    if (this.#snapshot === undefined || asked.snapshot === false) return;
    // The profile is worth more than the snapshot: it is recorded before the service stands still.
    episode.write(moment);
    on.began();
    const reasons = this.#snapshot.take(episode, moment, profile, asked.maxPauseMs);
    reportSnapshot(this.#terms.log, episode, reasons);
    if (reasons !== undefined) {
      this.#census.countAll('no snapshot was affordable', moment.sample);
      this.#census.write(episode);
      return;
    }
    const capture = episode.captures.at(-1);
    if (capture !== undefined) void this.#judge(this.#snapshot, episode, capture.file, on.verified);
  }

  /** Counts the snapshot, then takes its digest: what is known is written each time. Never rejects. */
  async #judge(
    rung: SnapshotRung,
    episode: IncidentEpisode,
    fileName: string,
    write: () => void,
  ): Promise<void> {
    const isWhole = await rung.verify(episode, fileName);
    write();
    if (!isWhole) return;
    await rung.digest(episode, fileName);
    write();
  }

  /** The profile alone, at V8's limit. @throws what the file system throws. */
  takeLastProfile(episode: IncidentEpisode, moment: EpisodeMoment): AllocationProfile | undefined {
    return this.#profile.take(episode, moment.sample);
  }

  /** An autopsy of the stack that V8 stopped at. Never throws. */
  makeLastAutopsy(
    moment: EpisodeMoment,
    profile: AllocationProfile | undefined,
    frames: readonly PausedFrame[],
  ): Autopsy {
    return this.#autopsy.make(moment, profile, frames);
  }

  /** Files it, and then the censuses: what fails there must not keep the autopsy out of the record. @throws what the file system throws. */
  fileLast(episode: IncidentEpisode, moment: EpisodeMoment, autopsy: Autopsy): void {
    this.#autopsy.file(episode, autopsy);
    episode.write(moment);
    this.#census.write(episode);
  }
}

/** A snapshot of this heap would show nothing of what grows. */
function elsewhereRefusal(sentence: string, { sample }: EpisodeMoment): IncidentRefusal {
  return { atMs: sample.atMs, rung: 'snapshot', reasons: [sentence], numbers: {} };
}
