import { join } from 'node:path';
import { journal, type MemoryLimit, type PlimsollConfig, readCpuQuotaCores } from '@plimsoll/memory';
import { reportDeadRuns } from '../deaths/dead-runs.ts';
import { LateLook } from '../deaths/late-look.ts';
import type { EpisodeOrigin } from '../incident/incident-episode.ts';
import { defaultIncidentDir, IncidentStore } from '../incident/incident-store.ts';
import type { DangerBounds } from '../ladder/danger.ts';
import { type Caution, cautionAfter } from '../ladder/vigilance.ts';
import type { GuardLog } from '../log/guard-log.ts';
import type { ThreadIdentity } from '../isolates/thread-identity.ts';
import type { ProcessIdentity } from '../run/process-identity.ts';
import { RunFolder } from '../run/run-folder.ts';

/** Half-written folders older than this belong to nobody any more. */
const abandonedMs = 600_000;

/** Everything the guard has on disk. */
export interface GuardFolders {
  readonly store: IncidentStore;
  readonly run: RunFolder;
  /** Where the runs of this host are, and its deaths on record. */
  readonly runDir: string;
  /** How careful this life is: as configured, or more so after a death. */
  readonly caution: Caution;
  /** Due where it was too early to say of a run whether it has ended. */
  readonly lateLook: LateLook | undefined;
}

/** From where on a tick counts as dangerous. */
export function boundsOf(
  { triggerRatio, vigilance }: Caution,
  { triggerBytes }: PlimsollConfig,
): DangerBounds {
  return { triggerRatio, triggerBytes, vigilance };
}

/** What {@link openGuardFolders} is given. */
export interface FolderTerms {
  readonly config: PlimsollConfig;
  readonly identity: ProcessIdentity;
  readonly process: EpisodeOrigin['process'];
  readonly limit: MemoryLimit;
  readonly log: GuardLog;
}

/**
 * Opens the incident folder and the folder of this run, after telling how the runs before ended.
 * @throws what the file system throws, ERR_PLIMSOLL_UNAVAILABLE for a folder that is not ours; nothing is left then.
 */
export function openGuardFolders({ config, identity, process, limit, log }: FolderTerms): GuardFolders {
  const { incidentDir, incidentQuotaBytes, incidentCount, incidentAgeMs, cooldownMs } = config;
  const store = new IncidentStore({
    dir: incidentDir ?? defaultIncidentDir(),
    quotaBytes: incidentQuotaBytes,
    maxCount: incidentCount,
    maxAgeMs: incidentAgeMs,
  });
  const runDir = config.runDir ?? join(store.dir, 'run');
  const run = new RunFolder(runDir, identity);
  try {
    const isDry = config.mode === 'dry-run';
    const terms = { runDir, self: identity, store, log, process, limit, cooldownMs, isDry };
    const look = (): { caution: Caution; undecidedCount: number } => {
      const { deaths, undecidedCount } = reportDeadRuns(terms);
      const caution = cautionAfter(deaths, identity.hostName, Date.now(), config.triggerRatio);
      const { memoryDeathCount, triggerRatio, wantsSentinel } = caution;
      if (memoryDeathCount > 0)
        journal().write('guard', 'looks-sooner', { memoryDeathCount, triggerRatio, wantsSentinel });
      return { caution, undecidedCount };
    };
    const { caution, undecidedCount } = look();
    store.sweepPartial(identity.hostName, abandonedMs);
    const lateLook = undecidedCount === 0 ? undefined : new LateLook(() => look().caution);
    return { store, run, runDir, caution, lateLook };
  } catch (error) {
    run.end();
    throw error;
  }
}

/** What incidents say of this process. */
export function describeProcess(
  identity: ProcessIdentity,
  thread?: ThreadIdentity,
): EpisodeOrigin['process'] {
  const { pid, bootId, hostName, startedAtMs } = identity;
  return {
    pid,
    bootId,
    hostName,
    startedAtMs,
    nodeVersion: process.versions.node,
    v8Version: process.versions.v8,
    platform: process.platform,
    arch: process.arch,
    cpuQuotaCores: readCpuQuotaCores(),
    ...(thread === undefined ? {} : { thread }),
  };
}
