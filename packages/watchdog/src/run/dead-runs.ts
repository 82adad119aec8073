import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatBytes, journal } from '@plimsoll/memory';
import type { IncidentStore } from '../incident/incident-store.ts';
import type { GuardLog } from '../log/guard-log.ts';
import { timelineCsv } from '../timeline/timeline-csv.ts';
import type { TimelineRecord } from '../timeline/timeline-record.ts';
import { readTimeline } from '../timeline/timeline-ring.ts';
import type { ProcessIdentity } from './process-identity.ts';
import { type DeadRun, findDeadRuns, removeRun } from './run-folder.ts';

/** A process that ended with less of the limit left than this died of memory as far as anybody can tell. */
const emptyRatio = 0.25;

/**
 * Says in one line each how former processes of this host ended that had no clean end, completes the timeline of their incidents, and removes what they left.
 * Never throws.
 */
export function reportDeadRuns(
  runDir: string,
  self: ProcessIdentity,
  store: IncidentStore,
  log: GuardLog,
): void {
  try {
    for (const run of findDeadRuns(runDir, self)) {
      reportDeath(run, store, log);
      removeRun(run.path);
    }
  } catch (error) {
    journal().write('guard', 'dead-runs-unread', {
      reason: error instanceof Error ? error.message : String(error),
    });
  }
}

function reportDeath({ status, timelinePath }: DeadRun, store: IncidentStore, log: GuardLog): void {
  const last = lastRecord(timelinePath) ?? { ...status.sample, level: status.level };
  const leftRatio = last.headroomBytes / last.limitBytes;
  const heapRatio = last.heapUsedBytes / last.heapLimitBytes;
  const isMemory = leftRatio < emptyRatio || heapRatio > 1 - emptyRatio || last.level !== 'normal';
  journal().write('guard', isMemory ? 'death-of-memory' : 'death-not-memory', {
    pid: status.identity.pid,
    bootId: status.identity.bootId,
    atMs: last.atMs,
    headroomBytes: last.headroomBytes,
    limitBytes: last.limitBytes,
    incident: status.incident,
  });
  if (!isMemory) return;
  const incident = status.incident !== null && existsSync(status.incident) ? status.incident : null;
  if (incident?.startsWith(store.dir) === true) completeTimeline(incident, timelinePath);
  log.write(
    'found-death',
    `The process before this one ended ${status.lastWords === undefined ? 'without a word ' : ''}at ${new Date(last.atMs).toISOString()}, at ${formatBytes(last.workingSetBytes)} of ${formatBytes(last.limitBytes)}, heap ${formatBytes(last.heapUsedBytes)} of ${formatBytes(last.heapLimitBytes)}.${status.lastWords === undefined ? '' : ` Its last words: ${status.lastWords}`}${incident === null ? '' : ` Evidence: ${incident}.`}`,
    {
      endedPid: status.identity.pid,
      headroomBytes: last.headroomBytes,
      limitBytes: last.limitBytes,
      incident,
    },
  );
}

type LastSeen = Pick<
  TimelineRecord,
  'atMs' | 'level' | 'limitBytes' | 'workingSetBytes' | 'headroomBytes' | 'heapUsedBytes' | 'heapLimitBytes'
>;

function lastRecord(timelinePath: string): LastSeen | undefined {
  try {
    return readTimeline(timelinePath).at(-1);
  } catch {
    // Killed while it was made, or already gone: status.json has the last number known.
    return undefined;
  }
}

function completeTimeline(incident: string, timelinePath: string): void {
  try {
    const path = join(incident, 'timeline.csv');
    writeFileSync(`${path}.partial`, timelineCsv(readTimeline(timelinePath)), { mode: 0o600 });
    renameSync(`${path}.partial`, path);
  } catch {
    journal().write('guard', 'timeline-not-completed', { incident });
  }
}
