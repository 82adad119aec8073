import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { journal, type MemorySample } from '@plimsoll/memory';
import { IncidentEpisode, type EpisodeMoment, type EpisodeOrigin } from '../incident/incident-episode.ts';
import { incidentFileName } from '../incident/incident-record.ts';
import type { IncidentStore } from '../incident/incident-store.ts';
import type { GuardLog } from '../log/guard-log.ts';
import { type ThreadIdentity, threadSubject } from '../isolates/thread-identity.ts';
import type { ProcessIdentity } from '../run/process-identity.ts';
import type { Danger } from './danger.ts';

/** After a writing that failed another is tried: disks fill up and are cleaned. */
const retryAfterMs = 60_000;

/** What an {@link EpisodeKeeper} is given. */
export interface EpisodeTerms {
  readonly store: IncidentStore;
  readonly log: GuardLog;
  readonly identity: ProcessIdentity;
  readonly process: EpisodeOrigin['process'];
  /** The limit and the plan; V8's own limit comes with each sample. */
  readonly limit: Omit<EpisodeOrigin['limit'], 'heapLimitBytes'>;
  readonly timelinePath: string | undefined;
  /** The requests of this moment. */
  readonly requests?: EpisodeOrigin['requests'];
  /** The guarded worker threads of this moment. */
  readonly workers?: EpisodeOrigin['workers'];
  /** The other processes of the control group, as of a sample. */
  readonly neighbours?: EpisodeOrigin['neighbours'];
  readonly cooldownMs: number;
  /** Says what it would file, and files nothing. */
  readonly isDry: boolean;
  /** The worker thread whose incidents these are; undefined for the main thread. */
  readonly thread?: ThreadIdentity;
  /** Whether an incident may be opened now, where others have a say in it. */
  readonly admits?: () => boolean;
}

/** The incidents of this process: which one is open, which one a new danger goes on with, and what cannot be written. */
export class EpisodeKeeper {
  readonly #terms: EpisodeTerms;
  readonly #folders: string[] = [];
  #open: IncidentEpisode | undefined;
  /** The one that started the cooldown: a danger before its end belongs to it. */
  #resumable: IncidentEpisode | undefined;
  #openedAtMs = Number.NEGATIVE_INFINITY;
  #brokenAtMs = Number.NEGATIVE_INFINITY;
  #isBrokenSaid = false;
  #fault: string | undefined;

  constructor(terms: EpisodeTerms) {
    this.#terms = terms;
  }

  /** The folders of the incidents of this process, oldest first. */
  get folders(): readonly string[] {
    return this.#folders;
  }

  /** The incident that is open. */
  get current(): IncidentEpisode | undefined {
    return this.#open;
  }

  /** Why the last writing failed; undefined while none has. */
  get fault(): string | undefined {
    return this.#fault;
  }

  /** Milliseconds in which no incident opens by itself. */
  cooldownLeftMs(monotonicMs: number): number {
    const afterOpening = this.#openedAtMs + this.#terms.cooldownMs - monotonicMs;
    const afterFault = this.#brokenAtMs + Math.min(retryAfterMs, this.#terms.cooldownMs) - monotonicMs;
    return Math.max(0, afterOpening, afterFault);
  }

  /** Opens an incident: its folder stands under its final name when this returns. Undefined when it cannot be written. */
  open(danger: Danger, moment: EpisodeMoment): IncidentEpisode | undefined {
    const { store, identity, process, limit, timelinePath, requests, workers, thread, admits, neighbours } =
      this.#terms;
    if (admits?.() === false) return undefined;
    const { sample } = moment;
    const trigger = thread === undefined ? danger.trigger : 'worker';
    const elsewhere = trigger === 'call' ? undefined : neighbours?.(sample)?.sentence;
    const sentence =
      (thread === undefined ? '' : `${threadSubject(thread)}: `) +
      danger.sentence +
      (elsewhere === undefined ? '' : ` ${elsewhere}`);
    if (this.#terms.isDry) {
      this.#wouldOpen({ trigger, sentence }, sample);
      return undefined;
    }
    journal().write('capture', 'incident-opened', { trigger, sentence });
    try {
      const folder = store.open({ ...identity, openedAtMs: sample.atMs, trigger });
      const episode = new IncidentEpisode(folder, {
        trigger: { name: trigger, sentence, atMs: sample.atMs },
        process,
        limit: { ...limit, heapLimitBytes: sample.heapLimitBytes },
        atTrigger: sample,
        timelinePath,
        requests,
        workers,
        neighbours,
      });
      // On disk under its final name before anything that takes time: the kernel does not wait for the profile.
      episode.write(moment);
      this.#folders.push(folder.path);
      this.#open = episode;
      // What somebody asked for must not silence what happens later.
      if (danger.trigger !== 'call') {
        this.#openedAtMs = sample.monotonicMs;
        this.#resumable = episode;
      }
      return episode;
    } catch (error) {
      this.broke(error, sample);
      return undefined;
    }
  }

  #wouldOpen({ trigger, sentence }: Danger, { monotonicMs }: MemorySample): void {
    journal().write('capture', 'would-open', { trigger, sentence });
    if (trigger === 'call') return;
    this.#openedAtMs = monotonicMs;
    this.#terms.log.write('dry-run', `An incident would be opened: ${sentence}`, { trigger });
  }

  /** Goes on with the incident of this cooldown, because `danger` has come back. Undefined when somebody has removed it: then the cooldown is over. */
  resume({ trigger, sentence }: Danger, { sample }: EpisodeMoment): IncidentEpisode | undefined {
    const episode = this.#resumable;
    if (episode === undefined) return undefined;
    if (!existsSync(join(episode.folder.path, incidentFileName))) {
      this.#resumable = undefined;
      this.#openedAtMs = Number.NEGATIVE_INFINITY;
      return undefined;
    }
    journal().write('capture', 'incident-resumed', { trigger, sentence });
    episode.noteTrigger({ name: trigger, sentence, atMs: sample.atMs });
    this.#open = episode;
    return episode;
  }

  /** Ends the open incident, written a last time. Never throws. */
  close(moment: EpisodeMoment): void {
    const episode = this.#open;
    if (episode !== undefined) this.attempt(episode, moment.sample, () => episode.write(moment));
    this.#open = undefined;
  }

  /** Ends the open incident and removes its folder: it was an exercise. Never throws. */
  withdraw(): void {
    const folder = this.#open?.folder;
    this.#open = undefined;
    if (folder === undefined) return;
    folder.discard();
    const index = this.#folders.indexOf(folder.path);
    if (index >= 0) this.#folders.splice(index, 1);
  }

  /** Runs `act`, which writes into `episode`. Never throws. */
  attempt(episode: IncidentEpisode, sample: MemorySample, act: () => void): void {
    try {
      act();
    } catch (error) {
      this.broke(error, sample, episode);
    }
  }

  /** Said once; nothing is filed for a minute, and what is whole stays. */
  broke(error: unknown, sample: MemorySample, episode?: IncidentEpisode): void {
    const reason = error instanceof Error ? error.message : String(error);
    journal().write('capture', 'incident-not-written', { reason });
    this.#fault = reason.replace(/\s+/g, ' ').trim().slice(0, 300);
    if (!this.#isBrokenSaid) {
      this.#terms.log.write('degraded', `An incident could not be written: ${this.#fault}`);
    }
    this.#isBrokenSaid = true;
    this.#brokenAtMs = sample.monotonicMs;
    if (episode !== undefined && !this.#folders.includes(episode.folder.path)) episode.folder.discard();
    this.#open = undefined;
  }
}
