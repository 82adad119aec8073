import { readFileSync } from 'node:fs';
import { mib } from '@plimsoll/memory';

/** A kind of machine that the constants of a plan belong to: architecture and C library, or `other`. */
export type PlatformName = 'x64-glibc' | 'arm64-glibc' | 'x64-musl' | 'arm64-musl' | 'other';

/** What a Node.js process takes on one kind of machine before the service has allocated anything. */
export interface PlatformRow {
  readonly name: PlatformName;
  /** False while nobody has run the calibration there: the numbers are then those of the measured row. */
  readonly isMeasured: boolean;
  /**
   * Pages of the node binary and its libraries that a busy process keeps touching while it dies. They are charged to the container that touched them first, so a plan that leaves
   * them out is right on every restart and ends in a livelock on a fresh machine: the kernel evicts and re-reads the program's own code instead of killing anything.
   */
  readonly programBytes: number;
  /** The same before Node.js 22, whose binary is smaller. */
  readonly smallProgramBytes: number;
  /** Anonymous memory of a process that runs nothing yet: malloc, stacks, the first isolate. */
  readonly processBytes: number;
  /** What a worker takes beside its heap: its isolate, stack, event loop and malloc arena. */
  readonly workerBytes: number;
}

/**
 * Idle 6 to 9 MiB anonymous, on Node.js 20 to 26. A worker that does nothing takes 8 to 10 MiB, of which 4 to 5 are its heap; one that keeps 16 MiB of old space full takes 19 to 20,
 * with a semi-space of 2. Of the program 49 MiB are mapped and resident under the guard on 20, 57 on 22 to 26;
 * 38 and 48 are what a limit of 128 or 256 MiB has left
 * beside the largest heap that does not end in a livelock and everything else the process needs, on a machine that is busy with other things.
 */
const MEASURED = {
  programBytes: mib(48),
  smallProgramBytes: mib(38),
  processBytes: mib(10),
  workerBytes: mib(4),
} as const;

/** The one table of constants. A row is measured by `pnpm bench heap-plan --calibrate` on such a machine; until then it has the numbers of x64 with glibc. */
export const platforms: Readonly<Record<PlatformName, PlatformRow>> = Object.freeze({
  'x64-glibc': { name: 'x64-glibc', isMeasured: true, ...MEASURED },
  'arm64-glibc': { name: 'arm64-glibc', isMeasured: false, ...MEASURED },
  'x64-musl': { name: 'x64-musl', isMeasured: false, ...MEASURED },
  'arm64-musl': { name: 'arm64-musl', isMeasured: false, ...MEASURED },
  other: { name: 'other', isMeasured: false, ...MEASURED },
});

/** Pages of the program in a row of the table, for a version of Node.js. */
export function programBytesOf(platform: PlatformName, nodeMajor: number): number {
  const { programBytes, smallProgramBytes } = platforms[platform];
  return nodeMajor < 22 ? smallProgramBytes : programBytes;
}

/** What {@link detectPlatform} looks at. */
export interface DetectPlatformOptions {
  /**
   * `process.arch` of the process.
   * @default that of this process
   */
  readonly arch?: string;
  /**
   * The text of `/proc/<pid>/maps`, which names the C library.
   * @default that of this process; empty where there is none
   */
  readonly mapsText?: string;
}

/** The row for a process by its architecture and by the C library it has mapped; `other` where neither is known. Never throws. */
export function detectPlatform(options: DetectPlatformOptions = {}): PlatformName {
  const { arch = process.arch, mapsText = ownMaps() } = options;
  if (arch !== 'x64' && arch !== 'arm64') return 'other';
  if (/\/(?:ld-musl-|libc\.musl-)/.test(mapsText)) return `${arch}-musl`;
  return /\/(?:ld-linux-|libc[.-])/.test(mapsText) ? `${arch}-glibc` : 'other';
}

let runningPlatform: PlatformName | undefined;

/** {@link detectPlatform} of this process, looked up once. */
export function platformHere(): PlatformName {
  runningPlatform ??= detectPlatform();
  return runningPlatform;
}

function ownMaps(): string {
  try {
    return readFileSync('/proc/self/maps', 'utf8');
  } catch {
    // Not Linux, or not allowed: the row is `other`.
    return '';
  }
}
