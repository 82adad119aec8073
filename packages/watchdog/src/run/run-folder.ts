import { readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { journal, type MemorySample, type PressureLevel } from '@plimsoll/memory';
import { ensureOwnFolder } from '../incident/incident-store.ts';
import { TimelineRing } from '../timeline/timeline-ring.ts';
import { isAlive, type ProcessIdentity } from './process-identity.ts';

const statusName = 'status.json';
const timelineName = 'timeline.ring';

/** A process whose timeline has not been written for this long, in another pid namespace, is dead: a tick is 1 s, the longest pause allowed is shorter. */
const silentMs = 15_000;

/** Runs of other hosts are theirs to report; of a pod that never came back, what it left goes after a day. */
const foreignMs = 24 * 3_600_000;

/** What a process that reports a dead run calls it meanwhile. */
const claimMark = '.claimed-';
/** A claim this old is of a process that died over it. */
const staleClaimMs = 60_000;

/** What `status.json` shows of a living process; `cat` is enough to read it. */
export interface RunStatus {
  readonly schemaVersion: 1;
  readonly identity: ProcessIdentity;
  readonly atMs: number;
  readonly level: PressureLevel;
  /** The numbers of the last tick written here. */
  readonly sample: MemorySample;
  readonly trend: Readonly<Record<string, unknown>>;
  /** The newest incident of this process. */
  readonly incident: string | null;
  /** What is off, in sentences. */
  readonly offReasons: readonly string[];
  /** How the process ended, where it could still say so. */
  readonly lastWords?: string;
}

/** A process that ended without saying so. */
export interface DeadRun {
  readonly path: string;
  readonly timelinePath: string;
  readonly status: RunStatus;
}

/** The folder of this process in the run folder: its timeline and its status, removed at a clean end. */
export class RunFolder {
  readonly path: string;
  readonly timeline: TimelineRing;

  /** @throws what the file system throws. */
  constructor(runDir: string, identity: ProcessIdentity) {
    ensureOwnFolder(resolve(runDir));
    this.path = join(resolve(runDir), `${identity.hostName}-${identity.pid}-${identity.bootId}`);
    mkdirSync(this.path, { mode: 0o700 });
    this.timeline = new TimelineRing(join(this.path, timelineName));
  }

  /**
   * Replaces `status.json` whole.
   * @throws what the file system throws; the caller reports it once.
   */
  writeStatus(status: RunStatus): void {
    const path = join(this.path, statusName);
    writeFileSync(`${path}.partial`, `${JSON.stringify(status, null, 2)}\n`, { mode: 0o600 });
    renameSync(`${path}.partial`, path);
  }

  /** The clean end: nothing is left. Never throws. */
  end(): void {
    try {
      this.timeline.close();
      rmSync(this.path, { recursive: true, force: true });
    } catch {
      // The folder is gone or read-only: the next start sweeps what is left.
    }
  }
}

/** The runs of a host beside one's own. */
export interface FoundRuns {
  /** Those that ended without a clean end: the caller reports each and then removes it. */
  readonly dead: readonly DeadRun[];
  /** Those of another pid namespace that were written to a moment ago: living replicas, or a container that has just died. */
  readonly undecidedCount: number;
}

/**
 * The runs of this host that ended without a clean end. A run whose process may live is left alone.
 * @throws what the file system throws.
 */
export function findDeadRuns(runDir: string, self: ProcessIdentity): FoundRuns {
  const dead: DeadRun[] = [];
  let undecidedCount = 0;
  for (const name of readdirSync(resolve(runDir))) {
    const path = join(resolve(runDir), name);
    if (!name.startsWith(`${self.hostName}-`) || name.endsWith(`-${self.bootId}`)) continue;
    if (name.includes(claimMark) && changedAgoMs(path) < staleClaimMs) continue;
    const timelinePath = join(path, timelineName);
    // Without a timeline it is being made at this moment, by a replica that starts in the same second, or was left so.
    const tickedAtMs = statSync(timelinePath, { throwIfNoEntry: false })?.mtimeMs;
    const silentForMs = tickedAtMs === undefined ? changedAgoMs(path) : Date.now() - tickedAtMs;
    const status = readStatus(join(path, statusName));
    if (status === undefined) {
      // Killed between making the folder and the first status: nothing can be told about it.
      if (silentForMs > silentMs) removeRun(path);
      continue;
    }
    if (status.identity.hostName !== self.hostName) continue;
    const alive = isAlive(status.identity, self);
    if (alive === false || (alive === 'unknown' && silentForMs > silentMs)) {
      dead.push({ path, timelinePath, status });
    } else if (alive === 'unknown') undecidedCount += 1;
  }
  return { dead, undecidedCount };
}

/** Takes a dead run over; undefined when another process was faster. */
export function claimRun(run: DeadRun, self: ProcessIdentity): DeadRun | undefined {
  const [path] = run.path.split(claimMark);
  const claimed = `${path}${claimMark}${self.bootId}`;
  try {
    renameSync(run.path, claimed);
  } catch {
    // Gone: somebody else has it. Or the disk is read-only, and then nothing could be reported twice either.
    return undefined;
  }
  return { ...run, path: claimed, timelinePath: join(claimed, timelineName) };
}

/** Removes the runs of other hosts that have been silent for a day: pods that will not come back. @throws what the file system throws. */
export function sweepForeignRuns(runDir: string, self: ProcessIdentity): void {
  for (const entry of readdirSync(resolve(runDir), { withFileTypes: true })) {
    if (!entry.isDirectory() || entry.name.startsWith(`${self.hostName}-`)) continue;
    const path = join(resolve(runDir), entry.name);
    const writtenAtMs = statSync(join(path, timelineName), { throwIfNoEntry: false })?.mtimeMs;
    if (writtenAtMs === undefined || Date.now() - writtenAtMs < foreignMs) continue;
    removeRun(path);
    journal().write('guard', 'foreign-run-swept', { name: entry.name });
  }
}

function changedAgoMs(path: string): number {
  return Date.now() - (statSync(path, { throwIfNoEntry: false })?.ctimeMs ?? 0);
}

/** Removes what a dead run has left. Never throws. */
export function removeRun(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    journal().write('guard', 'run-not-removed', { path });
  }
}

function readStatus(path: string): RunStatus | undefined {
  try {
    const status = JSON.parse(readFileSync(path, 'utf8')) as RunStatus;
    return status.schemaVersion === 1 ? status : undefined;
  } catch {
    // Missing or half-written.
    return undefined;
  }
}
