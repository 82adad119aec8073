import { closeSync, constants, openSync, readFileSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The ends of former processes that had no clean end, in the run folder: one JSON object a line. */
const fileName = 'deaths.ndjson';
/** So many are kept: a service that dies every ten seconds writes as little as one that dies once a year. */
const keptCount = 100;
/** Longer than this, the file is cut back to {@link keptCount}. */
const cutAboveCount = 200;

/** The end of a process that could not tell of it, as the next start found it. */
export interface DeathRecord {
  readonly schemaVersion: 1;
  /** The last tick. */
  readonly atMs: number;
  readonly foundAtMs: number;
  readonly hostName: string;
  readonly pid: number;
  readonly bootId: string;
  readonly isMemory: boolean;
  /** No tick saw it coming: the event loop was blocked from a healthy tick to the end. */
  readonly isUnseen?: boolean;
  /** `not memory: last headroom 61 %` */
  readonly because: string;
  /** Share of the limit in use at the last tick, 0..1, and of V8's heap limit. */
  readonly usedRatio: number;
  readonly heapRatio: number;
  readonly limitBytes: number;
  /** The folder with the evidence; null when there is none. */
  readonly incident: string | null;
}

/** Adds one end to the list of the run folder. @throws what the file system throws. */
export function appendDeath(runDir: string, death: DeathRecord): void {
  const path = join(resolve(runDir), fileName);
  const flags = constants.O_APPEND | constants.O_CREAT | constants.O_WRONLY | (constants.O_NOFOLLOW ?? 0);
  const descriptor = openSync(path, flags, 0o600);
  try {
    // One write of less than a page: lines of several processes that start together do not mix.
    writeSync(descriptor, `${JSON.stringify(death)}\n`);
  } finally {
    closeSync(descriptor);
  }
  const deaths = readDeaths(runDir);
  if (deaths.length <= cutAboveCount) return;
  const lines = deaths.slice(-keptCount).map((kept) => `${JSON.stringify(kept)}\n`);
  writeFileSync(`${path}.partial`, lines.join(''), { mode: 0o600 });
  renameSync(`${path}.partial`, path);
}

/** The ends that are on record in `runDir`, oldest first; none when there is no list. Never throws. */
export function readDeaths(runDir: string): DeathRecord[] {
  let text: string;
  try {
    text = readFileSync(join(resolve(runDir), fileName), 'utf8');
  } catch {
    // Nobody has died here yet.
    return [];
  }
  return text.split('\n').flatMap((line) => parsed(line) ?? []);
}

function parsed(line: string): DeathRecord | undefined {
  try {
    const death = JSON.parse(line) as DeathRecord;
    return death.schemaVersion === 1 ? death : undefined;
  } catch {
    // The line of a process that was killed while writing it, and the empty one at the end.
    return undefined;
  }
}
