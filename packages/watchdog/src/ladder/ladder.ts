import { type AllocationProfile, collectHeap, type PausedFrame } from '@plimsoll/inspect';
import { formatBytes, journal, type MemorySample } from '@plimsoll/memory';
import type { CaptureOutcome } from '../guard/guard.ts';
import { IncidentEpisode, type EpisodeMoment, type EpisodeOrigin } from '../incident/incident-episode.ts';
import type { IncidentEnding } from '../incident/incident-record.ts';
import { siteSentence } from '../incident/incident-readme.ts';
import type { IncidentStore } from '../incident/incident-store.ts';
import type { GuardLog } from '../log/guard-log.ts';
import type { ProcessIdentity } from '../run/process-identity.ts';
import {
  type Danger,
  type DangerBounds,
  describeState,
  findDanger,
  growingSeries,
  growthSentence,
} from './danger.ts';
import { AutopsyRung, type AutopsyTerms } from './autopsy-rung.ts';
import { CensusRung } from './census-rung.ts';
import { CpuShare } from './cpu-share.ts';
import { FloorProbe } from './floor-probe.ts';
import { ProfileRung } from './profile-rung.ts';
import { RefreshSchedule } from './refresh-schedule.ts';
import { type SnapshotForecast, SnapshotRung } from './snapshot-rung.ts';

/** An incident that has been calm for this long is over. */
const calmMs = 60_000;
/** The snapshot rung looks ahead this often; what it looks at changes no faster. */
const lookEveryMs = 1000;

/** What a {@link Ladder} is given. */
export interface LadderTerms {
  readonly store: IncidentStore;
  readonly log: GuardLog;
  readonly identity: ProcessIdentity;
  readonly process: EpisodeOrigin['process'];
  /** The limit and the plan; V8's own limit comes with each sample. */
  readonly limit: Omit<EpisodeOrigin['limit'], 'heapLimitBytes'>;
  readonly timelinePath: string | undefined;
  readonly bounds: DangerBounds;
  readonly cooldownMs: number;
  readonly maxPauseMs: number;
  readonly autopsies: AutopsyTerms;
  /** Heap snapshots may be taken. */
  readonly snapshots: boolean;
}

/** What could still be said at V8's limit. */
export interface LastWords {
  /** What the autopsy found. */
  readonly sentence: string;
  /** Where everything was filed; undefined when nothing could be. */
  readonly folder: string | undefined;
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

/** Decides at each tick whether evidence is filed, and files it, the cheapest rung first: timeline, profile, snapshot. */
export class Ladder {
  readonly #terms: LadderTerms;
  readonly #profile = new ProfileRung();
  readonly #autopsy: AutopsyRung;
  readonly #census = new CensusRung();
  readonly #snapshot: SnapshotRung | undefined;
  readonly #cpuShare = new CpuShare();
  readonly #probe = new FloorProbe(() => this.#cpuShare.measure(collectHeap));
  readonly #folders: string[] = [];
  #episode: IncidentEpisode | undefined;
  #schedule = new RefreshSchedule();
  #openedAtMs = Number.NEGATIVE_INFINITY;
  #calmSinceMs: number | undefined;
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  #asked: CaptureTerms = {};
  #isAnnounced = false;
  #isBroken = false;

  constructor(terms: LadderTerms) {
    this.#terms = terms;
    const { store, identity, maxPauseMs, process } = terms;
    this.#autopsy = new AutopsyRung(terms.autopsies);
    this.#snapshot = terms.snapshots
      ? new SnapshotRung({
          store,
          hostName: identity.hostName,
          cpuQuotaCores: process.cpuQuotaCores,
          cpuShare: this.#cpuShare,
          maxPauseMs,
        })
      : undefined;
  }

  /** The folders of the incidents of this process, oldest first. */
  get folders(): readonly string[] {
    return this.#folders;
  }

  /** One tick. Never throws: what fails is said once. */
  tick(moment: EpisodeMoment): void {
    try {
      const danger = findDanger(moment, this.#terms.bounds);
      if (this.#episode !== undefined) this.#follow(this.#episode, moment, danger);
      else if (!this.#isCoolingDown(moment.sample)) {
        const reason = danger ?? this.#lastMoment(moment);
        if (reason !== undefined) this.#open(reason, moment);
        else this.#probe.tick(moment, () => this.#snapshot?.isAffordable(moment) === true);
      }
    } catch (error) {
      this.#broke(error);
    }
  }

  /** Files evidence because somebody asked for it. Never throws. */
  capture(reason: string, moment: EpisodeMoment, terms: CaptureTerms = {}): CaptureOutcome {
    const opened = this.#episode;
    this.#asked = terms;
    const episode = opened ?? this.#open({ trigger: 'call', sentence: oneLine(reason) }, moment);
    if (opened !== undefined) this.#refresh(opened, moment, true);
    this.#asked = {};
    if (episode === undefined) {
      return { folder: undefined, files: [], refusals: ['the incident folder cannot be written'] };
    }
    const record = episode.record(moment);
    return {
      folder: episode.folder.path,
      files: record.files.map(({ name }) => name),
      refusals: record.refusals.flatMap(({ reasons }) => reasons),
    };
  }

  /**
   * The last words, at V8's own limit, in the middle of whatever the service was doing. Profile, timeline and record are on disk before the autopsy begins; what it finds is told
   * even where nothing can be written. Never throws.
   */
  lastWords(
    moment: EpisodeMoment,
    frames: readonly PausedFrame[],
    ending: Omit<IncidentEnding, 'atMs'>,
  ): LastWords {
    const { sample } = moment;
    const sentence = `V8 reached its heap limit: ${describeState(sample)}.`;
    const episode = this.#episode ?? this.#begin({ trigger: 'heap-limit', sentence }, moment);
    let profile: AllocationProfile | undefined;
    if (episode !== undefined)
      this.#attempt(episode, () => {
        episode.setEnding({ atMs: sample.atMs, ...ending });
        profile = this.#profile.take(episode, sample);
        episode.write(moment);
      });
    const autopsy = this.#autopsy.make(moment, profile, frames);
    if (episode !== undefined)
      this.#attempt(episode, () => {
        this.#autopsy.file(episode, autopsy);
        this.#census.write(episode);
        episode.write(moment);
      });
    return { sentence: autopsy.sentence, folder: episode?.folder.path };
  }

  /** Ends the open incident and removes its folder: it was an exercise. Never throws. */
  withdraw(moment: EpisodeMoment): void {
    const folder = this.#episode?.folder;
    this.end(moment);
    if (folder === undefined) return;
    folder.discard();
    const index = this.#folders.indexOf(folder.path);
    if (index >= 0) this.#folders.splice(index, 1);
  }

  /** True while an incident is followed. */
  get hasOpenIncident(): boolean {
    return this.#episode !== undefined;
  }

  /** Milliseconds in which no incident opens by itself. */
  cooldownLeftMs(monotonicMs: number): number {
    return Math.max(0, this.#openedAtMs + this.#terms.cooldownMs - monotonicMs);
  }

  /** What a heap snapshot would come to now; undefined where none is ever taken. */
  forecastSnapshot(moment: EpisodeMoment, maxPauseMs?: number): SnapshotForecast | undefined {
    return this.#snapshot?.forecast(moment, maxPauseMs);
  }

  /** The clean end: an open incident is written a last time. Never throws. */
  end(moment: EpisodeMoment): void {
    if (this.#episode !== undefined) this.#attempt(this.#episode, () => this.#episode?.write(moment));
    this.#episode = undefined;
    this.#profile.end();
  }

  #isCoolingDown(sample: MemorySample): boolean {
    return sample.monotonicMs - this.#openedAtMs < this.#terms.cooldownMs;
  }

  #lastMoment(moment: EpisodeMoment): Danger | undefined {
    const { sample } = moment;
    const growing = growingSeries(moment);
    if (growing === undefined || this.#snapshot === undefined) return undefined;
    if (sample.monotonicMs - this.#lookedAtMs < lookEveryMs) return undefined;
    this.#lookedAtMs = sample.monotonicMs;
    if (!this.#snapshot.isLastMoment(moment)) return undefined;
    const sentence = `${growthSentence(growing)}, and a heap snapshot can still be afforded: ${describeState(sample)}.`;
    return { trigger: growing.trigger, sentence };
  }

  #open(danger: Danger, moment: EpisodeMoment): IncidentEpisode | undefined {
    const episode = this.#begin(danger, moment);
    if (episode !== undefined) this.#refresh(episode, moment, true);
    return episode;
  }

  /** An episode with its folder under its final name. */
  #begin(danger: Danger, moment: EpisodeMoment): IncidentEpisode | undefined {
    const { store, identity, process, limit, timelinePath } = this.#terms;
    const { sample } = moment;
    // What somebody asked for must not silence what happens later.
    if (danger.trigger !== 'call') this.#openedAtMs = sample.monotonicMs;
    this.#calmSinceMs = undefined;
    this.#schedule = new RefreshSchedule();
    this.#isAnnounced = false;
    const { trigger, sentence } = danger;
    journal().write('capture', 'incident-opened', { trigger, sentence });
    try {
      const folder = store.open({ ...identity, openedAtMs: sample.atMs, trigger });
      const episode = new IncidentEpisode(folder, {
        trigger: { name: trigger, sentence, atMs: sample.atMs },
        process,
        limit: { ...limit, heapLimitBytes: sample.heapLimitBytes },
        atTrigger: sample,
        timelinePath,
      });
      // On disk under its final name before anything that takes time: the kernel does not wait for the profile.
      episode.write(moment);
      this.#folders.push(folder.path);
      this.#episode = episode;
      this.#autopsy.reset();
      this.#census.reset();
      return episode;
    } catch (error) {
      this.#broke(error);
      return undefined;
    }
  }

  #follow(episode: IncidentEpisode, moment: EpisodeMoment, danger: Danger | undefined): void {
    const { sample, level } = moment;
    if (danger === undefined && level === 'normal') {
      this.#calmSinceMs ??= sample.monotonicMs;
      if (sample.monotonicMs - this.#calmSinceMs >= calmMs) this.end(moment);
      return;
    }
    this.#calmSinceMs = undefined;
    if (this.#autopsy.isLastChance(moment) || this.#schedule.isDue(sample, level))
      this.#refresh(episode, moment, false);
  }

  /** The rungs, then the record of them. */
  #refresh(episode: IncidentEpisode, moment: EpisodeMoment, withSnapshot: boolean): void {
    const beganMs = performance.now();
    this.#attempt(episode, () => {
      const profile = this.#cpuShare.measure(() => this.#profile.take(episode, moment.sample));
      if (this.#autopsy.isDue(moment)) {
        // The profile is recorded before anything that takes longer.
        episode.write(moment);
        this.#autopsy.file(episode, this.#autopsy.make(moment, profile));
      }
      this.#census.write(episode);
      if (!this.#isAnnounced) this.#announce(episode, moment);
      if (withSnapshot && this.#snapshot !== undefined)
        this.#takeSnapshot(this.#snapshot, episode, moment, profile);
      episode.write(moment);
    });
    this.#schedule.done(moment.sample, moment.level, performance.now() - beganMs);
  }

  #announce(episode: IncidentEpisode, moment: EpisodeMoment): void {
    const { sample } = moment;
    const [site] = episode.sites;
    const { trigger } = episode.record(moment);
    this.#isAnnounced = true;
    this.#terms.log.write('incident', `${trigger.sentence} Evidence: ${episode.folder.path}.`, {
      trigger: trigger.name,
      folder: episode.folder.path,
      workingSetBytes: sample.workingSetBytes,
      limitBytes: sample.limitBytes,
      heapUsedBytes: sample.heapUsedBytes,
      externalBytes: sample.externalBytes,
      topSite: site === undefined ? null : siteSentence(site),
    });
  }

  #takeSnapshot(
    rung: SnapshotRung,
    episode: IncidentEpisode,
    moment: EpisodeMoment,
    profile: AllocationProfile | undefined,
  ): void {
    if (this.#asked.snapshot === false) return;
    const { log } = this.#terms;
    // The profile is worth more than the snapshot: it is recorded before the service stands still.
    episode.write(moment);
    const reasons = rung.take(episode, moment, profile, this.#asked.maxPauseMs);
    if (reasons !== undefined) {
      log.write('refused', `No heap snapshot: ${reasons.join(' ')}`, { folder: episode.folder.path });
      return;
    }
    const capture = episode.captures.at(-1);
    if (capture === undefined) return;
    log.write(
      'captured',
      `Heap snapshot ${capture.file}, ${formatBytes(capture.fileBytes)}: the service stood still ${Math.round(capture.pauseMs)} ms.`,
      { folder: episode.folder.path, file: capture.file, pauseMs: Math.round(capture.pauseMs) },
    );
    void rung.verify(episode, capture.file).then(() => this.#attempt(episode, () => episode.write(moment)));
  }

  #attempt(episode: IncidentEpisode, act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#broke(error, episode);
    }
  }

  /** Said once; this process files no more until its cooldown is over, and what is whole stays. */
  #broke(error: unknown, episode?: IncidentEpisode): void {
    const reason = error instanceof Error ? error.message : String(error);
    journal().write('capture', 'incident-not-written', { reason });
    if (!this.#isBroken)
      this.#terms.log.write('degraded', `An incident could not be written: ${oneLine(reason)}`);
    this.#isBroken = true;
    if (episode !== undefined && this.#folders.at(-1) !== episode.folder.path) episode.folder.discard();
    this.#episode = undefined;
  }
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim().slice(0, 300);
}
