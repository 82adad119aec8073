import {
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  linkSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { PlimsollError } from '@plimsoll/memory';
import type { IncidentFile } from './incident-record.ts';
import { manifestFileName, manifestText, sha256Of } from './manifest.ts';
import { partialSuffix } from './incident-name.ts';

/** A snapshot that V8 has written to its end closes like this. */
const snapshotEnd = /\]\s*\}\s*$/;

/**
 * One incident folder while its process lives. It is made as `<name>.partial` (0700), filled, and renamed once it says something whole; from then on every
 * file of it is replaced by writing `<file>.partial` (0600) and renaming, so that whoever looks, or whatever kills, at any moment finds whole files only.
 * All of it is synchronous: it has to be finished before the next allocation.
 */
export class IncidentFolder {
  readonly name: string;
  readonly #root: string;
  readonly #files = new Map<string, IncidentFile>();
  readonly #digests = new Map<string, string | null>();
  #path: string;

  /** @throws what the file system throws. */
  constructor(root: string, name: string) {
    this.name = name;
    this.#root = root;
    this.#path = join(root, name + partialSuffix);
    mkdirSync(this.#path, { mode: 0o700 });
  }

  /** Where the folder is now. */
  get path(): string {
    return this.#path;
  }

  /** The files that are whole. */
  get files(): readonly IncidentFile[] {
    return [...this.#files.values()];
  }

  /** Bytes of all whole files. */
  get totalBytes(): number {
    let sum = 0;
    for (const file of this.#files.values()) sum += file.fileBytes;
    return sum;
  }

  /** The path of a whole file. */
  filePath(fileName: string): string {
    return join(this.#path, fileName);
  }

  /** The path a capture writes to before {@link adoptSnapshot}. */
  partialPath(fileName: string): string {
    return join(this.#path, fileName + partialSuffix);
  }

  /**
   * Writes `text`, or bytes, as `fileName`, whole or not at all; an older file of that name stays until the new one is whole.
   * @throws what the file system throws.
   */
  write(fileName: string, content: string, text: string | Uint8Array): IncidentFile {
    const bytes = typeof text === 'string' ? Buffer.from(text) : text;
    this.#replace(fileName, bytes);
    return this.#listed({ name: fileName, fileBytes: bytes.length, content }, sha256Of(bytes));
  }

  /**
   * A second name for a living file, which goes on under it; listed without a digest.
   * @throws what the file system throws: another device, no hard links.
   */
  link(sourcePath: string, fileName: string, content: string): IncidentFile {
    linkSync(sourcePath, join(this.#path, fileName));
    return this.#listed({ name: fileName, fileBytes: statSync(sourcePath).size, content }, null);
  }

  /** Notes the digest of a file that was too large to be read while the service stood still. */
  setDigest(fileName: string, sha256: string): void {
    if (this.#files.has(fileName)) this.#digests.set(fileName, sha256);
  }

  /**
   * Writes the manifest: the last file of every writing.
   * @throws what the file system throws; the older one then stays.
   */
  writeManifest(): void {
    const entries = Array.from(this.#files.values(), ({ name, fileBytes }) => ({
      name,
      fileBytes,
      sha256: this.#digests.get(name) ?? null,
    }));
    this.#replace(manifestFileName, Buffer.from(manifestText(entries)));
  }

  /**
   * Takes the snapshot that was written to {@link partialPath} in, if it is not empty and closes as JSON does. The count of every node follows later.
   * @throws ERR_PLIMSOLL_FORMAT when it is not; the file is then gone.
   */
  adoptSnapshot(fileName: string, content: string): IncidentFile {
    const partialPath = this.partialPath(fileName);
    const { fileBytes, ending } = readEnding(partialPath);
    if (!snapshotEnd.test(ending)) {
      unlinkSync(partialPath);
      throw new PlimsollError(
        'ERR_PLIMSOLL_FORMAT',
        `The snapshot ends after ${fileBytes} B without closing; it was removed. Is the disk full?`,
        { details: { fileName, fileBytes } },
      );
    }
    chmodSync(partialPath, 0o600);
    renameSync(partialPath, join(this.#path, fileName));
    return this.#listed({ name: fileName, fileBytes, content }, null);
  }

  /** Removes a file that turned out not to be whole. Never throws. */
  drop(fileName: string): void {
    this.#files.delete(fileName);
    this.#digests.delete(fileName);
    for (const name of [fileName, fileName + partialSuffix]) {
      try {
        rmSync(join(this.#path, name), { force: true });
      } catch {
        // A folder that went away or became read-only: nothing is left to remove, or nothing can be.
      }
    }
  }

  /**
   * Gives the folder its name without `.partial`.
   * @throws what the file system throws.
   */
  publish(): void {
    const target = join(this.#root, this.name);
    if (this.#path === target) return;
    if (statSync(target, { throwIfNoEntry: false }) !== undefined) {
      throw new PlimsollError('ERR_PLIMSOLL_OPTION', `${target} exists; nothing is overwritten.`);
    }
    renameSync(this.#path, target);
    this.#path = target;
  }

  /** Removes the folder and what is in it. Never throws. */
  discard(): void {
    try {
      rmSync(this.#path, { recursive: true, force: true });
    } catch {
      // It stays as `.partial` and the next start sweeps it.
    }
  }

  #replace(fileName: string, bytes: Uint8Array): void {
    const partialPath = this.partialPath(fileName);
    rmSync(partialPath, { force: true });
    try {
      writeNewFile(partialPath, bytes);
      renameSync(partialPath, join(this.#path, fileName));
    } catch (error) {
      rmSync(partialPath, { force: true });
      throw error;
    }
  }

  #listed(file: IncidentFile, sha256: string | null): IncidentFile {
    this.#files.set(file.name, file);
    this.#digests.set(file.name, sha256);
    return file;
  }
}

/** Writes a new file that only its owner can read; never through a link, never into a file that exists. */
function writeNewFile(path: string, bytes: Uint8Array): void {
  const descriptor = openSync(
    path,
    constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | (constants.O_NOFOLLOW ?? 0),
    0o600,
  );
  try {
    let writtenBytes = 0;
    while (writtenBytes < bytes.length) writtenBytes += writeSync(descriptor, bytes, writtenBytes);
  } finally {
    closeSync(descriptor);
  }
}

function readEnding(path: string): { fileBytes: number; ending: string } {
  const descriptor = openSync(path, 'r');
  try {
    const fileBytes = fstatSync(descriptor).size;
    const bytes = Buffer.alloc(16);
    const readBytes = readSync(descriptor, bytes, 0, 16, Math.max(0, fileBytes - 16));
    return { fileBytes, ending: bytes.toString('latin1', 0, readBytes) };
  } finally {
    closeSync(descriptor);
  }
}
