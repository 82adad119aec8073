import { closeSync, constants, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** Room for the last files of an incident: profile, autopsy, census, record and journal of a large service. */
export const ballastBytes: number = 2 * 1024 * 1024;

/**
 * Disk and a file descriptor put aside while there is some of both, thrown overboard at V8's limit: then the last files can be written although the disk has filled up
 * meanwhile, or the process has run out of descriptors. A file of its own, so that nothing half-written ever stands in an incident.
 */
export class Ballast {
  readonly #path: string;
  #descriptor: number | undefined;

  constructor(runPath: string) {
    this.#path = join(runPath, 'ballast');
  }

  /** True while room is put aside. */
  get isLoaded(): boolean {
    return this.#descriptor !== undefined;
  }

  /** Puts the room aside; 1–2 ms. Returns why that failed, or undefined. Never throws. */
  load(): string | undefined {
    if (this.isLoaded) return undefined;
    try {
      const flags = constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | (constants.O_NOFOLLOW ?? 0);
      rmSync(this.#path, { force: true });
      this.#descriptor = openSync(this.#path, flags, 0o600);
      // Not zeros: a file system may keep those as a hole, which takes no room.
      const block = Buffer.alloc(64 * 1024, 'plimsoll');
      for (let writtenBytes = 0; writtenBytes < ballastBytes;) {
        writtenBytes += writeSync(this.#descriptor, block);
      }
      return undefined;
    } catch (error) {
      this.drop();
      return error instanceof Error ? error.message : String(error);
    }
  }

  /** Gives the room back. Never throws. */
  drop(): void {
    if (this.#descriptor === undefined) return;
    const descriptor = this.#descriptor;
    this.#descriptor = undefined;
    try {
      closeSync(descriptor);
      rmSync(this.#path, { force: true });
    } catch {
      // The folder was removed or became read-only: there is no room to be had back.
    }
  }
}
