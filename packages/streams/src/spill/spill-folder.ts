import { accessSync, constants, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { PlimsollError } from '@plimsoll/memory/holders';

/** File systems that keep files in memory: what is written there is charged to the container just as before. @see linux/magic.h */
const MEMORY_FILE_SYSTEMS: ReadonlySet<number> = new Set([0x01021994 /* tmpfs */, 0x858458f6 /* ramfs */]);

/** True when files in `folder` are memory. */
export function isMemoryBacked(folder: string): boolean {
  return MEMORY_FILE_SYSTEMS.has(statfsSync(folder).type);
}

function isUsable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return !isMemoryBacked(folder);
  } catch {
    return false; // Missing or not ours to write: the next candidate is asked.
  }
}

/**
 * Where temporary files go: `folder` when given, otherwise the first of the system's temporary folder and `/var/tmp` that is not memory.
 * @throws ERR_PLIMSOLL_UNAVAILABLE when there is none: spilling into memory would hide the memory, not save it.
 */
export function resolveSpillFolder(folder: string | undefined): string {
  const candidates = folder === undefined ? [tmpdir(), '/var/tmp'] : [folder];
  const found = candidates.find(isUsable);
  if (found !== undefined) return found;
  throw new PlimsollError(
    'ERR_PLIMSOLL_UNAVAILABLE',
    `Nothing can be spilled: ${candidates.join(' and ')} cannot be written or is kept in memory (tmpfs). Pass folder, a directory on a disk.`,
    { details: { option: 'folder', candidateCount: candidates.length } },
  );
}
