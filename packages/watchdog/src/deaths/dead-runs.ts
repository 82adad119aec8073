import { formatBytes, journal, type KernelCounters, readMemory } from '@plimsoll/memory';
import type { EpisodeOrigin } from '../incident/incident-episode.ts';
import { CaptureSlots } from '../incident/capture-slots.ts';
import type { IncidentStore } from '../incident/incident-store.ts';
import type { GuardLog } from '../log/guard-log.ts';
import { reportText } from '../in-flight/in-flight-request.ts';
import type { ProcessIdentity } from '../run/process-identity.ts';
import { claimRun, type DeadRun, findDeadRuns, removeRun, sweepForeignRuns } from '../run/run-folder.ts';
import { completeIncident, fileDeath } from './death-incident.ts';
import { appendDeath, type DeathRecord, readDeaths } from './death-log.ts';
import { type DeathVerdict, judgeDeath } from './death-verdict.ts';

/** What {@link reportDeadRuns} needs to know of the life that begins. */
export interface DeathTerms {
  readonly runDir: string;
  readonly self: ProcessIdentity;
  readonly store: IncidentStore;
  readonly log: GuardLog;
  readonly process: EpisodeOrigin['process'];
  readonly limit: Pick<EpisodeOrigin['limit'], 'source' | 'origin'>;
  /** Within this after an incident of a death, another one only gets its line: a crash loop does not fill the disk. */
  readonly cooldownMs: number;
  /** Nothing is filed: the death gets its line and its place on record alone. */
  readonly isDry: boolean;
  /**
   * What the kernel has counted up to now.
   * @default a reading of this moment
   */
  readonly kernelNow?: KernelCounters;
}

/**
 * Judges how former processes of this host ended that had no clean end, says so in a line each, and files what they have left: in the incident they had opened, or in one
 * of its own. Returns all deaths on record, and how many runs it is too early to judge. Never throws.
 */
export function reportDeadRuns(terms: DeathTerms): {
  readonly deaths: readonly DeathRecord[];
  readonly undecidedCount: number;
} {
  const { runDir, self, store } = terms;
  const slots = new CaptureSlots(store.dir, self);
  let undecidedCount = 0;
  try {
    sweepForeignRuns(runDir, self);
    const runs = findDeadRuns(runDir, self);
    undecidedCount = runs.undecidedCount;
    for (const found of runs.dead) {
      // Of several processes that start together one reports.
      const run = claimRun(found, self);
      if (run === undefined) continue;
      store.sweepPartialOf(run.status.identity);
      slots.clearDead();
      reportDeath(run, terms);
      removeRun(run.path);
    }
  } catch (error) {
    journal().write('guard', 'dead-runs-unread', {
      reason: error instanceof Error ? error.message : String(error),
    });
  }
  return { deaths: readDeaths(runDir), undecidedCount };
}

function reportDeath(run: DeadRun, terms: DeathTerms): void {
  const { runDir, log, self } = terms;
  const { status } = run;
  const verdict = judgeDeath(run, terms.kernelNow ?? readMemory().kernel);
  const { isMemory, isUnseen, because, last, usedRatio, heapRatio } = verdict;
  const { pid, bootId } = status.identity;
  journal().write('guard', isMemory ? 'death-of-memory' : 'death-not-memory', {
    pid,
    bootId,
    because,
    atMs: last.atMs,
    headroomBytes: last.headroomBytes,
    limitBytes: last.limitBytes,
    incident: status.incident,
  });
  const incident = isMemory && !terms.isDry ? evidenceOf(run, verdict, terms) : null;
  appendDeath(runDir, {
    schemaVersion: 1,
    atMs: last.atMs,
    foundAtMs: Date.now(),
    hostName: self.hostName,
    pid,
    bootId,
    isMemory,
    isUnseen,
    because,
    usedRatio,
    heapRatio,
    limitBytes: last.limitBytes,
    incident,
  });
  const evidence = incident === null ? '' : ` Evidence: ${incident}.`;
  log.write(
    isMemory ? 'found-death' : 'found-end',
    `${endSentence('The process before this one', status.lastWords, verdict)}${evidence}`,
    {
      endedPid: pid,
      isMemory,
      headroomBytes: last.headroomBytes,
      limitBytes: last.limitBytes,
      incident,
    },
  );
}

/** The incident of a death of memory: the one its process had opened, or a new one; null when neither can be. */
function evidenceOf(run: DeadRun, verdict: DeathVerdict, terms: DeathTerms): string | null {
  const { store } = terms;
  const { pid, bootId } = run.status.identity;
  // The incident is about that process, whoever writes it.
  const sentence = endSentence('The process', run.status.lastWords, verdict);
  try {
    // What the status of the dead process names may be older than its newest incident, and a path from a file is no place to write to.
    const incident =
      store.list(terms.self.hostName).findLast(({ parts }) => parts.pid === pid && parts.bootId === bootId)
        ?.path ?? null;
    if (incident !== null && completeIncident(incident, run, verdict, sentence)) return incident;
    return fileDeath(run, verdict, sentence, terms) ?? incident;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    journal().write('guard', 'death-not-filed', { reason });
    return null;
  }
}

/** Between these two a silence is worth a word: shorter it is the restart, longer it is no crash that is told of. */
const silenceMs = { from: 5_000, to: 600_000 };

/** ` Its last tick was 12 s before this start: …`; empty where that says nothing. */
function silenceText({ isMemory, last }: DeathVerdict): string {
  const silentMs = performance.timeOrigin - last.atMs;
  if (isMemory || silentMs < silenceMs.from || silentMs > silenceMs.to) return '';
  return ` Its last tick was ${Math.round(silentMs / 1000)} s before this start: what a blocked event loop did in that time, nobody saw (PLIMSOLL_SENTINEL=always would).`;
}

/** `The process before this one ended without a word at …: memory: last headroom 6 MiB. Last seen …` */
function endSentence(subject: string, lastWords: string | undefined, verdict: DeathVerdict): string {
  const { because, last, growth, requests } = verdict;
  const isSaid = requests === undefined || because.includes('in flight');
  const served = isSaid ? '' : ` At its last tick: ${reportText(requests)}`;
  return (
    `${subject} ended ${lastWords === undefined ? 'without a word ' : ''}at ${new Date(last.atMs).toISOString()}, ` +
    `at ${formatBytes(last.workingSetBytes)} of ${formatBytes(last.limitBytes)}, heap ${formatBytes(last.heapUsedBytes)} of ${formatBytes(last.heapLimitBytes)}: ${because}.` +
    `${silenceText(verdict)}${growth === '' ? '' : ` ${growth}`}${served}${lastWords === undefined ? '' : ` Its last words: ${lastWords}`}`
  );
}
