import { closeSync, mkdirSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { journal } from '@plimsoll/memory';
import { isAlive, type ProcessIdentity } from '../run/process-identity.ts';

/** So many processes of one volume take a heap snapshot at the same time: more would stand still together, and write to one disk. */
const slotCount = 2;
/** A slot this old is of a process that died over its snapshot, whatever its pid says now. */
const staleMs = 600_000;
/** In the incident folder, which all of them share. */
const folderName = join('run', 'captures');

/** The right to take a heap snapshot, given back by disposal. */
export interface CaptureSlot extends Disposable {
  readonly path: string;
}

/** The places of those that capture at this moment, among all processes that write to one incident folder. */
export class CaptureSlots {
  readonly #dir: string;
  readonly #identity: ProcessIdentity;

  constructor(incidentDir: string, identity: ProcessIdentity) {
    this.#dir = join(incidentDir, folderName);
    this.#identity = identity;
  }

  /** Takes a place; undefined while both are taken. @throws what the file system throws. */
  take(): CaptureSlot | undefined {
    mkdirSync(this.#dir, { recursive: true, mode: 0o700 });
    for (let number = 1; number <= slotCount; number += 1) {
      const path = join(this.#dir, `slot-${number}`);
      this.#clear(path);
      if (this.#occupy(path)) return { path, [Symbol.dispose]: () => rmSync(path, { force: true }) };
    }
    return undefined;
  }

  /** Frees the places of processes that are no more. Never throws. */
  clearDead(): void {
    for (let number = 1; number <= slotCount; number += 1) {
      try {
        this.#clear(join(this.#dir, `slot-${number}`));
      } catch {
        // A disk that is read-only or gone: whoever wants to capture will be told.
      }
    }
  }

  #occupy(path: string): boolean {
    let descriptor: number;
    try {
      descriptor = openSync(path, 'wx', 0o600);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    }
    try {
      writeSync(descriptor, JSON.stringify(this.#identity));
    } finally {
      closeSync(descriptor);
    }
    return true;
  }

  /** Removes the slot of a process that is no more. */
  #clear(path: string): void {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined) return;
    const isStale = Date.now() - stat.mtimeMs > staleMs || this.#isDead(path);
    if (!isStale) return;
    rmSync(path, { force: true });
    journal().write('capture', 'slot-cleared', { path });
  }

  #isDead(path: string): boolean {
    try {
      const owner = JSON.parse(readFileSync(path, 'utf8')) as ProcessIdentity;
      return owner.hostName === this.#identity.hostName && isAlive(owner, this.#identity) === false;
    } catch {
      // Being written at this moment, or just given back: its age decides.
      return false;
    }
  }
}
