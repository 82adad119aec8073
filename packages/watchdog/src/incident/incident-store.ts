import {
  type Dirent,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statfsSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { formatBytes, journal, mib, PlimsollError } from '@plimsoll/memory';
import { IncidentFolder } from './incident-folder.ts';
import { formatIncidentName, type IncidentName, parseIncidentName, partialSuffix } from './incident-name.ts';
import { chooseGoing } from './retention.ts';

/** File systems whose bytes are memory, charged to the container: tmpfs and ramfs. */
const memoryFileSystems = new Set([0x0102_1994, 0x8584_58f6]);

/** Free space of the disk that is never used up: other programs live there too. */
const keptFreeBytes: number = mib(32);

/** All hosts that share a volume may keep so many times the quota of one: pods come and go, and each leaves its incidents under a name of its own. */
const volumeQuotas = 8;
/** A second that is taken is passed over so often. */
const maxRenames = 5;

/** Where incidents go when no folder was named: one folder per user, so that services of two users on one machine do not meet. */
export function defaultIncidentDir(): string {
  const user = process.getuid?.();
  return join(tmpdir(), user === undefined ? 'plimsoll-incidents' : `plimsoll-incidents-${user}`);
}

/** An incident as it lies in the incident folder. */
export interface StoredIncident {
  readonly name: string;
  readonly path: string;
  readonly parts: IncidentName;
  readonly totalBytes: number;
}

/** What the file system under the incident folder can take. */
export interface StoreRoom {
  readonly freeBytes: number;
  /** Files there are memory of the container. */
  readonly isMemoryBacked: boolean;
  /** The quota in force: what was asked for, or less on a small or memory-backed file system. */
  readonly quotaBytes: number;
}

/** Bounds of an {@link IncidentStore}. */
export interface IncidentStoreOptions {
  readonly dir: string;
  readonly quotaBytes: number;
  readonly maxCount: number;
  readonly maxAgeMs: number;
}

/** The folder that holds the incidents of a host, and its quota. */
export class IncidentStore {
  readonly dir: string;
  readonly #quotaBytes: number;
  readonly #maxCount: number;
  readonly #maxAgeMs: number;
  #isMemoryBacked: boolean | undefined;

  /**
   * Makes the folder when it is missing (0700).
   * @throws ERR_PLIMSOLL_UNAVAILABLE when it is a symbolic link, no folder, or belongs to another user; what the file system throws when it cannot be made.
   */
  constructor(options: IncidentStoreOptions) {
    this.dir = resolve(options.dir);
    this.#quotaBytes = options.quotaBytes;
    this.#maxCount = options.maxCount;
    this.#maxAgeMs = options.maxAgeMs;
    ensureOwnFolder(this.dir);
  }

  /** Files of this folder are memory of the container. Looked up once. */
  get isMemoryBacked(): boolean {
    this.#isMemoryBacked ??= this.room().isMemoryBacked;
    return this.#isMemoryBacked;
  }

  /** What the disk can take now. A file system that does not say counts as having room. */
  room(): StoreRoom {
    try {
      const { type, bsize, blocks, bavail } = statfsSync(this.dir);
      const isMemoryBacked = memoryFileSystems.has(type);
      const sizeBytes = blocks * bsize;
      const shareBytes = isMemoryBacked ? Math.min(mib(32), sizeBytes / 8) : sizeBytes / 4;
      return {
        freeBytes: Math.max(0, bavail * bsize - Math.min(keptFreeBytes, sizeBytes / 8)),
        isMemoryBacked,
        quotaBytes: Math.floor(sizeBytes > 0 ? Math.min(this.#quotaBytes, shareBytes) : this.#quotaBytes),
      };
    } catch {
      // No statfs on this system or under this permission model: a write that does not fit will say so itself.
      return { freeBytes: Number.POSITIVE_INFINITY, isMemoryBacked: false, quotaBytes: this.#quotaBytes };
    }
  }

  /** The whole incidents in the folder, oldest first; of one host when `hostName` is given. */
  list(hostName?: string): StoredIncident[] {
    return listIncidents(this.dir, hostName);
  }

  /**
   * Opens the folder of a new incident after making room for it. A name that is taken, because the same process opened one in the same second, moves to the next second.
   * @throws what the file system throws.
   */
  open(name: IncidentName): IncidentFolder {
    this.makeRoom(name.hostName, 0, 1);
    let openedAtMs = name.openedAtMs;
    for (
      let attempt = 1;
      existsSync(join(this.dir, formatIncidentName({ ...name, openedAtMs })));
      attempt += 1
    ) {
      if (attempt > maxRenames) break;
      openedAtMs += 1000;
    }
    return new IncidentFolder(this.dir, formatIncidentName({ ...name, openedAtMs }));
  }

  /**
   * Removes incidents until `neededBytes` and `neededCount` more of `hostName` fit its quota, and what is too old or too much for the volume; `keep` is never removed. True when
   * they fit now, the free space of the disk included. What can never fit removes nothing for its sake.
   */
  makeRoom(hostName: string, neededBytes: number, neededCount: number, keep?: string): boolean {
    const stored = this.list();
    const { quotaBytes, freeBytes } = this.room();
    const canFit = neededBytes <= quotaBytes;
    const going = chooseGoing(stored, {
      hostName,
      nowMs: Date.now(),
      quotaBytes: quotaBytes - (canFit ? neededBytes : 0),
      maxCount: this.#maxCount - neededCount,
      volumeBytes: this.#quotaBytes * volumeQuotas - (canFit ? neededBytes : 0),
      maxAgeMs: this.#maxAgeMs,
      keep,
    });
    for (const incident of going) this.#remove(incident, quotaBytes);
    const left = stored.filter(
      (incident) => !going.includes(incident) && incident.parts.hostName === hostName,
    );
    const freedBytes = going.reduce((sum, { totalBytes }) => sum + totalBytes, 0);
    const leftBytes = left.reduce((sum, { totalBytes }) => sum + totalBytes, 0);
    return leftBytes + neededBytes <= quotaBytes && neededBytes <= freeBytes + freedBytes;
  }

  /** Another process of the volume may be removing the same one: both are content when it is gone. */
  #remove({ name, path, totalBytes }: StoredIncident, quotaBytes: number): void {
    rmSync(path, { recursive: true, force: true, maxRetries: 2 });
    journal().write('incident', 'removed-for-quota', { name, totalBytes, quotaBytes });
  }

  /** Removes what processes of `hostName` that no longer live have left half-written, older than `olderThanMs`. */
  sweepPartial(hostName: string, olderThanMs: number): void {
    this.#sweep((parts, agoMs) => parts.hostName === hostName && agoMs >= olderThanMs);
  }

  /** Removes what one process that is known to be dead has left half-written. */
  sweepPartialOf({ hostName, bootId }: Pick<IncidentName, 'hostName' | 'bootId'>): void {
    this.#sweep((parts) => parts.hostName === hostName && parts.bootId === bootId);
  }

  /** Half-written folders, and half-written files in whole ones. */
  #sweep(isLeft: (parts: IncidentName, agoMs: number) => boolean): void {
    for (const name of readdirSync(this.dir)) {
      const parts = parseIncidentName(
        name.endsWith(partialSuffix) ? name.slice(0, -partialSuffix.length) : name,
      );
      if (parts === undefined) continue;
      const path = join(this.dir, name);
      const partials = name.endsWith(partialSuffix)
        ? [path]
        : entriesOf(path)
            .filter((entry) => entry.name.endsWith(partialSuffix))
            .map((entry) => join(path, entry.name));
      for (const partial of partials) {
        const stat = statSync(partial, { throwIfNoEntry: false });
        if (stat === undefined || !isLeft(parts, Date.now() - stat.mtimeMs)) continue;
        rmSync(partial, { recursive: true, force: true });
        journal().write('incident', 'swept-partial', { name: basename(partial) });
      }
    }
  }
}

/**
 * Makes `dir` (0700) or checks the one that is there: a folder, not a link, ours or root's. Root can read everything anyway, and volumes of a pod are root's.
 * @throws ERR_PLIMSOLL_UNAVAILABLE, or what the file system throws.
 */
export function ensureOwnFolder(dir: string): void {
  makeFolder(dir);
  const stat = lstatSync(dir);
  const refusal = stat.isSymbolicLink()
    ? 'is a symbolic link'
    : !stat.isDirectory()
      ? 'is no folder'
      : process.getuid !== undefined && stat.uid !== process.getuid() && stat.uid !== 0
        ? `belongs to another user (uid ${stat.uid})`
        : undefined;
  if (refusal === undefined) return;
  throw new PlimsollError(
    'ERR_PLIMSOLL_UNAVAILABLE',
    `The folder ${dir} ${refusal}; expected a folder of this user. Name another one in PLIMSOLL_INCIDENT_DIR.`,
    { details: { dir } },
  );
}

/** Made step by step only when the parent is missing: the recursive call says ENOENT for a read-only file system. */
function makeFolder(dir: string): void {
  try {
    mkdirSync(dir, { mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') mkdirSync(dir, { recursive: true, mode: 0o700 });
    else if (code !== 'EEXIST') throw error;
  }
}

/**
 * The whole incidents in `dir`, oldest first; of one host when `hostName` is given.
 * @throws what the file system throws when the folder cannot be read.
 */
export function listIncidents(dir: string, hostName?: string): StoredIncident[] {
  const found: StoredIncident[] = [];
  for (const name of readdirSync(dir)) {
    const parts = parseIncidentName(name);
    if (parts === undefined || (hostName !== undefined && parts.hostName !== hostName)) continue;
    const path = join(dir, name);
    found.push({ name, path, parts, totalBytes: folderBytes(path) });
  }
  return found.sort((a, b) => a.parts.openedAtMs - b.parts.openedAtMs || (a.name < b.name ? -1 : 1));
}

function folderBytes(path: string): number {
  let sum = 0;
  for (const entry of entriesOf(path)) {
    if (entry.isFile()) sum += statSync(join(path, entry.name), { throwIfNoEntry: false })?.size ?? 0;
  }
  return sum;
}

/** None when somebody is removing the folder at this moment. */
function entriesOf(path: string): Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** The sentence of a quota that has no room. */
export function noRoomSentence(neededBytes: number, room: StoreRoom): string {
  return `Its file needs about ${formatBytes(neededBytes)}; the quota is ${formatBytes(room.quotaBytes)} and ${formatBytes(room.freeBytes)} of the disk are free`;
}
