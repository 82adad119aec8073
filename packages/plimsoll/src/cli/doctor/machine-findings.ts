import { accessSync, constants, existsSync, readFileSync, statfsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { detectPlatform } from '@plimsoll/heap';
import type { Severity } from './diagnosis.ts';
import { bugsOf } from './node-bugs.ts';
import { swapFinding } from './swap-finding.ts';

/** One thing beside the heap that decides how the service dies, or what is left of it. */
export interface MachineFinding {
  readonly name:
    | 'swap'
    | 'huge-pages'
    | 'malloc-arenas'
    | 'musl'
    | 'incident-folder'
    | 'qos-class'
    | 'node-version'
    | 'node-bug';
  /** `good` is a note: nothing is wrong. */
  readonly severity: Severity;
  /** What was found, with numbers. */
  readonly sentence: string;
  /** What to do about it. */
  readonly remedy: string;
}

/** What {@link findOnMachine} looks at. */
export interface MachineTerms {
  /** The process whose service is judged; `self` where none runs. */
  readonly pid: number | 'self';
  /** Of the Node.js that runs the service: `24.21.0`. */
  readonly nodeVersion: string;
  /** The environment of the service. */
  readonly environment: NodeJS.ProcessEnv;
  readonly incidentDir: string;
  /**
   * Where /proc and /sys lie.
   * @default '/'
   */
  readonly root?: string;
}

/** File systems that end with the container: overlay, tmpfs, ramfs. */
const FLEETING_TYPES: ReadonlySet<number> = new Set([0x794c_7630, 0x0102_1994, 0x8584_58f6]);

/** From this many cores on glibc's arenas (eight a core) are worth a line. */
const MANY_CORES = 4;

/** Majors that no longer get fixes, with the month of their end. */
const ENDED: Readonly<Record<number, string>> = { 20: 'April 2026' };

/** What the machine, the container and the environment say. Never throws: what cannot be read says nothing. */
export function findOnMachine(terms: MachineTerms): MachineFinding[] {
  const root = terms.root ?? '/';
  const read = (path: string): string => readText(join(root, path));
  const found = [
    swapFinding(read, terms.pid),
    hugePageFinding(read('/sys/kernel/mm/transparent_hugepage/enabled')),
    libraryFinding(read(`/proc/${terms.pid}/maps`), terms.environment),
    folderFinding(terms.incidentDir),
    qosFinding(read(`/proc/${terms.pid}/cgroup`)),
    nodeFinding(Number.parseInt(terms.nodeVersion, 10)),
    ...bugFindings(terms.nodeVersion),
  ];
  return found.filter((finding) => finding !== undefined);
}

function hugePageFinding(enabled: string): MachineFinding | undefined {
  if (!enabled.includes('[always]')) return undefined;
  return {
    name: 'huge-pages',
    severity: 'good',
    sentence: 'transparent huge pages are always on, so that memory grows by 2 MiB where 4 KiB were touched',
    remedy: 'Set /sys/kernel/mm/transparent_hugepage/enabled to madvise on the host.',
  };
}

function libraryFinding(mapsText: string, environment: NodeJS.ProcessEnv): MachineFinding | undefined {
  const platform = detectPlatform({ mapsText });
  if (platform.endsWith('-musl')) {
    return {
      name: 'musl',
      severity: 'good',
      sentence: `the C library is musl (${platform}), where the constants of the plan have not been measured`,
      remedy: 'Watch the first deploys, or build on an image with glibc (node:24-slim).',
    };
  }
  const coreCount = availableParallelism();
  if (!platform.endsWith('-glibc') || coreCount < MANY_CORES) return undefined;
  if (environment['MALLOC_ARENA_MAX'] !== undefined || environment['LD_PRELOAD'] !== undefined)
    return undefined;
  return {
    name: 'malloc-arenas',
    severity: 'good',
    sentence: `glibc may keep ${8 * coreCount} malloc arenas on ${coreCount} cores, and native memory that was freed stays in them`,
    remedy: 'Set MALLOC_ARENA_MAX=2 for a service with native modules (image processing, compression).',
  };
}

function folderFinding(incidentDir: string): MachineFinding | undefined {
  const folder = nearestFolder(resolve(incidentDir));
  try {
    accessSync(folder, constants.W_OK);
  } catch {
    return {
      name: 'incident-folder',
      severity: 'advice',
      sentence: `${incidentDir} cannot be written, so that no evidence can be filed`,
      remedy: 'Mount a volume for it, or name another folder in PLIMSOLL_INCIDENT_DIR.',
    };
  }
  if (!isFleeting(folder)) return undefined;
  return {
    name: 'incident-folder',
    severity: 'good',
    sentence: `${incidentDir} is no volume: what is filed there goes when the container goes`,
    remedy: 'Mount a volume and name it in PLIMSOLL_INCIDENT_DIR.',
  };
}

function nearestFolder(path: string): string {
  let folder = path;
  while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder);
  return folder;
}

function isFleeting(folder: string): boolean {
  try {
    return FLEETING_TYPES.has(statfsSync(folder).type);
  } catch {
    // No statfs here: nothing is said.
    return false;
  }
}

function qosFinding(cgroup: string): MachineFinding | undefined {
  if (!cgroup.includes('kubepods')) return undefined;
  const name = /besteffort|burstable/i.exec(cgroup)?.[0].toLowerCase();
  if (name === undefined) return undefined;
  return {
    name: 'qos-class',
    severity: 'good',
    sentence: `the pod is ${name === 'burstable' ? 'Burstable' : 'BestEffort'}: a node that runs out of memory evicts it below its own limit`,
    remedy: 'Set the memory request equal to the limit.',
  };
}

function nodeFinding(nodeMajor: number): MachineFinding | undefined {
  const ended = ENDED[nodeMajor];
  if (ended === undefined && nodeMajor >= 24) return undefined;
  const overhead =
    'the collector keeps 13 % of a heap beside it, 18 % of what lies above 400 MiB (5 % from Node.js 24 on)';
  return {
    name: 'node-version',
    severity: 'good',
    sentence: `Node.js ${nodeMajor}: ${overhead}${ended === undefined ? '' : `, and its support ended in ${ended}`}`,
    remedy: 'Node.js 24 or later gives the same container a larger heap.',
  };
}

function bugFindings(nodeVersion: string): MachineFinding[] {
  return bugsOf(nodeVersion).map(({ sentence, remedy, link }) => ({
    name: 'node-bug',
    severity: 'good',
    sentence: `Node.js ${nodeVersion}: ${sentence}`,
    remedy: `${remedy} (${link})`,
  }));
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // Not Linux, not allowed, or the process has ended.
    return '';
  }
}
