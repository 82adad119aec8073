import type { PlimsollConfig } from '@plimsoll/memory';
import { appendDeath } from '../deaths/death-log.ts';
import { OrderedEnding } from '../ending/ordered-ending.ts';
import type { HeapLimitGuard } from '../heap-limit/heap-limit-guard.ts';
import type { InFlightKeeper } from '../in-flight/in-flight-keeper.ts';
import type { EpisodeMoment } from '../incident/incident-episode.ts';
import type { Ladder } from '../ladder/ladder.ts';
import type { GuardLog } from '../log/guard-log.ts';
import type { ProcessIdentity } from '../run/process-identity.ts';

/** What an ordered ending works with. */
export interface GuardEndingTerms {
  readonly config: PlimsollConfig;
  readonly identity: ProcessIdentity;
  readonly log: GuardLog;
  readonly ladder: Ladder | undefined;
  readonly heapLimit: HeapLimitGuard;
  readonly requests: InFlightKeeper | undefined;
  /** Where the deaths of this host are on record. */
  readonly runDir: string | undefined;
}

/** The ordered ending of this process, as the configuration has it. */
export function makeEnding(terms: GuardEndingTerms): OrderedEnding {
  const { config, log, ladder, heapLimit, requests } = terms;
  const { ending, endDeadlineMs, endCode, mode } = config;
  return new OrderedEnding({
    isOn: ending === 'ordered',
    isDry: mode === 'dry-run',
    deadlineMs: endDeadlineMs,
    exitCode: endCode,
    log,
    foretell: (sentence, moment) => {
      ladder?.noteEnding(moment, { sentence, exitCode: endCode });
      heapLimit.foretell(sentence);
      recordEnd(terms, moment);
    },
    stopAccepting: () => requests?.stopAccepting(),
    inFlightCount: () => requests?.count ?? 0,
  });
}

/** On record as a death of memory, so that the next life looks sooner. */
function recordEnd({ runDir, identity, ladder, config }: GuardEndingTerms, { sample }: EpisodeMoment): void {
  if (runDir === undefined) return;
  const { hostName, pid, bootId } = identity;
  try {
    appendDeath(runDir, {
      schemaVersion: 1,
      atMs: sample.atMs,
      foundAtMs: sample.atMs,
      hostName,
      pid,
      bootId,
      isMemory: true,
      because: `memory: ended in order with exit code ${config.endCode}`,
      usedRatio: sample.workingSetBytes / sample.limitBytes,
      heapRatio: sample.heapUsedBytes / sample.heapLimitBytes,
      limitBytes: sample.limitBytes,
      incident: ladder?.folders.at(-1) ?? null,
    });
  } catch {
    // A disk that is full or gone: the line on stderr and the termination message say the same.
  }
}
