import type { AllocationProfile, FullCensus, FullCensusRefusal, PausedFrame } from '@plimsoll/inspect';
import type { CaptureOutcome } from '../guard/guard.ts';
import type { EpisodeMoment, IncidentEpisode } from '../incident/incident-episode.ts';
import type { IncidentEnding } from '../incident/incident-record.ts';
import type { Livelock } from '../livelock/livelock-watch.ts';
import { type Danger, type DangerBounds, describeState, findDanger, growthSentence } from './danger.ts';
import { EpisodeKeeper } from './episode-keeper.ts';
import { type CaptureTerms, Evidence, type EvidenceTerms } from './evidence.ts';
import { FloorProbe } from './floor-probe.ts';
import { GrowthSnapshots } from './growth-snapshots.ts';
import { RefreshSchedule } from './refresh-schedule.ts';
import type { SnapshotForecast } from './snapshot-rung.ts';

/** An incident that has been calm for this long is over. */
const calmMs = 60_000;
/** The snapshot rung looks ahead this often; what it looks at changes no faster. */
const lookEveryMs = 1000;
/** Evidence of an incident that is gone on with at a deep level is taken as if it were new, this often at most. */
const renewEveryMs = 300_000;

/** What a {@link Ladder} is given. */
export interface LadderTerms extends EvidenceTerms {
  readonly bounds: DangerBounds;
}

/** What could still be said at V8's limit. */
export interface LastWords {
  /** What the autopsy found. */
  readonly sentence: string;
  /** Where everything was filed; undefined when nothing could be. */
  readonly folder: string | undefined;
}

/** Decides at each tick whether evidence is filed, and files it, the cheapest rung first: timeline, profile, autopsy, snapshot. */
export class Ladder {
  readonly #terms: LadderTerms;
  readonly #episodes: EpisodeKeeper;
  readonly #evidence: Evidence;
  #growth: GrowthSnapshots;
  #bounds: DangerBounds;
  readonly #probe = new FloorProbe(() => this.#evidence.collect());
  #schedule = new RefreshSchedule();
  #renewedAtMs = Number.NEGATIVE_INFINITY;
  #calmSinceMs: number | undefined;
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  #asked: CaptureTerms = {};

  constructor(terms: LadderTerms) {
    this.#terms = terms;
    this.#episodes = new EpisodeKeeper(terms);
    this.#evidence = new Evidence(terms);
    this.#bounds = terms.bounds;
    this.#growth = new GrowthSnapshots(terms.bounds.vigilance);
  }

  /** From where on a tick counts as dangerous. */
  get bounds(): DangerBounds {
    return this.#bounds;
  }

  /** Judges by `bounds` from now on. */
  heed(bounds: DangerBounds): void {
    this.#bounds = bounds;
    this.#growth = new GrowthSnapshots(bounds.vigilance);
  }

  /** The folders of the incidents of this process, oldest first. */
  get folders(): readonly string[] {
    return this.#episodes.folders;
  }

  /** One tick; `livelock` is what a {@link LivelockWatch} saw at it. Never throws: what fails is said once. */
  tick(moment: EpisodeMoment, livelock?: Livelock): void {
    try {
      const danger = tellingOf(findDanger(moment, this.#bounds), livelock);
      const step = this.#growthStep(moment);
      const reason = danger ?? step;
      const { current } = this.#episodes;
      if (current !== undefined && livelock !== undefined) this.#noteLivelock(current, moment, livelock);
      if (current !== undefined) this.#follow(current, moment, reason, step !== undefined);
      else if (this.cooldownLeftMs(moment.sample.monotonicMs) > 0)
        this.#resume(moment, reason, step !== undefined);
      else if (reason !== undefined) this.#open(reason, moment);
      if (reason === undefined && !this.#terms.isDry)
        this.#probe.tick(moment, () => this.#wantsVerdict(moment));
    } catch (error) {
      this.#episodes.broke(error, moment.sample);
    }
  }

  /** Files evidence of a danger that another thread has seen, unless an incident has it on file. Never throws. */
  raise(danger: Danger, moment: EpisodeMoment): void {
    if (this.#episodes.current !== undefined || this.cooldownLeftMs(moment.sample.monotonicMs) > 0) return;
    try {
      this.#open(danger, moment);
    } catch (error) {
      this.#episodes.broke(error, moment.sample);
    }
  }

  /** Files evidence because somebody asked for it. Never throws. */
  capture(reason: string, moment: EpisodeMoment, terms: CaptureTerms = {}): CaptureOutcome {
    const opened = this.#episodes.current;
    this.#asked = terms;
    const episode = opened ?? this.#open({ trigger: 'call', sentence: oneLine(reason) }, moment);
    if (opened !== undefined) this.#refresh(opened, moment, true);
    this.#asked = {};
    if (episode === undefined) {
      const refusal = this.#terms.isDry
        ? 'PLIMSOLL=dry-run: nothing is filed'
        : `the incident folder cannot be written: ${this.#episodes.fault ?? 'unknown reason'}`;
      return { folder: undefined, files: [], refusals: [refusal] };
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
    const episode = this.#episodes.current ?? this.#begin({ trigger: 'heap-limit', sentence }, moment);
    let profile: AllocationProfile | undefined;
    if (episode !== undefined)
      this.#episodes.attempt(episode, sample, () => {
        episode.setEnding({ atMs: sample.atMs, ...ending });
        profile = this.#evidence.takeLastProfile(episode, moment);
        episode.write(moment);
      });
    const autopsy = this.#evidence.makeLastAutopsy(moment, profile, frames);
    if (episode !== undefined)
      this.#episodes.attempt(episode, sample, () => {
        this.#evidence.fileLast(episode, moment, autopsy);
        episode.write(moment);
      });
    return { sentence: autopsy.sentence, folder: episode?.folder.path };
  }

  /** The process is about to end by itself: written down at once. Never throws. */
  noteEnding(moment: EpisodeMoment, ending: Omit<IncidentEnding, 'atMs'>): void {
    const { current } = this.#episodes;
    if (current === undefined) return;
    this.#episodes.attempt(current, moment.sample, () => {
      current.setEnding({ atMs: moment.sample.atMs, ...ending });
      current.write(moment);
    });
  }

  /** Ends the open incident and removes its folder: it was an exercise. Never throws. */
  withdraw(): void {
    this.#episodes.withdraw();
    this.#evidence.end();
  }

  /** Counts all objects of the heap by class because somebody asked for it, or says why that does not fit. Never throws. */
  countAll(moment: EpisodeMoment, maxPauseMs?: number): FullCensus | FullCensusRefusal {
    return this.#evidence.countAll(moment, maxPauseMs);
  }

  /** True while an incident is followed. */
  get hasOpenIncident(): boolean {
    return this.#episodes.current !== undefined;
  }

  /** Milliseconds in which no incident opens by itself; a danger then goes on with the last one. */
  cooldownLeftMs(monotonicMs: number): number {
    return this.#episodes.cooldownLeftMs(monotonicMs);
  }

  /** What a heap snapshot would come to now; undefined where none is ever taken. */
  forecastSnapshot(moment: EpisodeMoment, maxPauseMs?: number): SnapshotForecast | undefined {
    return this.#evidence.forecastSnapshot(moment, maxPauseMs);
  }

  /** The clean end: an open incident is written a last time. Never throws. */
  end(moment: EpisodeMoment): void {
    this.#episodes.close(moment);
    this.#evidence.end();
  }

  /** A small leak that has grown by a step and that a heap snapshot can still be afforded of. */
  #growthStep(moment: EpisodeMoment): Danger | undefined {
    const growing = this.#growth.dueFor(moment);
    if (growing === undefined) return undefined;
    const { monotonicMs } = moment.sample;
    if (monotonicMs - this.#lookedAtMs < lookEveryMs) return undefined;
    this.#lookedAtMs = monotonicMs;
    if (!this.#evidence.isSnapshotAffordable(moment)) return undefined;
    const sentence = `${growthSentence(growing)}, and a heap snapshot can still be afforded: ${describeState(moment.sample)}.`;
    return { trigger: growing.trigger, sentence };
  }

  /** A verdict on a small heap is worth a collection only while a snapshot could follow from it. */
  #wantsVerdict(moment: EpisodeMoment): boolean {
    return this.#growth.isStep(moment) && this.#evidence.isSnapshotAffordable(moment);
  }

  #open(danger: Danger, moment: EpisodeMoment): IncidentEpisode | undefined {
    const episode = this.#begin(danger, moment);
    if (episode !== undefined) this.#refresh(episode, moment, true);
    return episode;
  }

  /** An episode with its folder under its final name. */
  #begin(danger: Danger, moment: EpisodeMoment): IncidentEpisode | undefined {
    const episode = this.#episodes.open(danger, moment);
    if (episode === undefined) return undefined;
    this.#calmSinceMs = undefined;
    this.#renew(moment, true);
    return episode;
  }

  /** A danger within the cooldown goes on with the incident that started it: no new folder, and the last approach is on file when the kernel kills. */
  #resume(moment: EpisodeMoment, danger: Danger | undefined, withSnapshot: boolean): void {
    if (danger === undefined) return;
    const { sample, level } = moment;
    const episode = this.#episodes.resume(danger, moment);
    if (episode === undefined) return;
    this.#calmSinceMs = undefined;
    const isDeep = level === 'critical' || level === 'terminal';
    if (isDeep && sample.monotonicMs - this.#renewedAtMs >= renewEveryMs) this.#renew(moment, false);
    this.#follow(episode, moment, danger, withSnapshot);
  }

  /** On disk within a tick: there may be no other. Dearer rungs have their own last chance. */
  #noteLivelock(
    episode: IncidentEpisode,
    moment: EpisodeMoment,
    { trigger, sentence, sinceMs }: Livelock,
  ): void {
    episode.noteTrigger({ name: trigger, sentence, atMs: moment.sample.atMs });
    if (sinceMs === 0) this.#episodes.attempt(episode, moment.sample, () => episode.write(moment));
  }

  /** Every rung may be taken again. */
  #renew({ sample }: EpisodeMoment, isNew: boolean): void {
    this.#renewedAtMs = sample.monotonicMs;
    this.#schedule = new RefreshSchedule();
    this.#evidence.renew(isNew);
  }

  #follow(
    episode: IncidentEpisode,
    moment: EpisodeMoment,
    danger: Danger | undefined,
    withSnapshot: boolean,
  ): void {
    const { sample, level } = moment;
    if (danger === undefined && level === 'normal') {
      this.#calmSinceMs ??= sample.monotonicMs;
      if (sample.monotonicMs - this.#calmSinceMs >= calmMs) this.end(moment);
      return;
    }
    this.#calmSinceMs = undefined;
    if (danger !== undefined)
      episode.noteTrigger({ name: danger.trigger, sentence: danger.sentence, atMs: sample.atMs });
    if (withSnapshot || this.#evidence.isLastChance(moment) || this.#schedule.isDue(sample, level))
      this.#refresh(episode, moment, withSnapshot);
  }

  /** The rungs, then the record of them. */
  #refresh(episode: IncidentEpisode, moment: EpisodeMoment, withSnapshot: boolean): void {
    const beganMs = performance.now();
    const { sample, level } = moment;
    const write = (): void => this.#episodes.attempt(episode, sample, () => episode.write(moment));
    this.#episodes.attempt(episode, sample, () => {
      const profile = this.#evidence.take(episode, moment);
      if (withSnapshot)
        this.#evidence.takeSnapshot(episode, moment, profile, this.#asked, {
          began: () => this.#growth.note(moment),
          verified: write,
        });
      episode.write(moment);
    });
    this.#schedule.done(sample, level, performance.now() - beganMs);
  }
}

/** A verdict of growth tells more than a container that is stuck, and that more than a level or a share that was reached. */
function tellingOf(danger: Danger | undefined, livelock: Livelock | undefined): Danger | undefined {
  return danger?.trigger === 'growth' || danger?.trigger === 'off-heap' ? danger : (livelock ?? danger);
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim().slice(0, 300);
}
