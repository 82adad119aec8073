import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readKernelText } from './kernel-text.ts';
import type { CgroupLayout } from './memory-limit.ts';
import { type CgroupMount, parseCgroupMounts } from './mount-info.ts';

/** One directory on the way from this process's control group to the topmost one that can be seen. */
export interface CgroupLevel {
  readonly version: 1 | 2;
  /** As the process sees it, without the root it was looked up under. */
  readonly path: string;
}

/** Where this process lives for one controller. */
export interface CgroupLocation {
  readonly layout: CgroupLayout;
  /** v1 levels before v2 levels, each from the process's own group upwards. */
  readonly levels: readonly CgroupLevel[];
  /** False when /proc/self/cgroup could not be read. */
  readonly known: boolean;
  readonly notes: readonly string[];
}

/** Directories looked into for the group of a process whose namespace hides its path; a node runs some hundred. */
const SEARCH_COUNT = 4096;

/**
 * Finds the control groups of this process, or of `pid`, for `controller`: path from its /proc/<pid>/cgroup, mount points from our own mountinfo, both hierarchies
 * of a hybrid system. Never throws.
 */
export function locateCgroup(root: string, controller: 'memory' | 'cpu', pid?: number): CgroupLocation {
  const file = `/proc/${pid ?? 'self'}/cgroup`;
  const notes: string[] = [];
  const own = readKernelText(root, file);
  if (own.text === undefined) {
    notes.push(
      own.missing
        ? `This system has no control groups (${file} does not exist).`
        : `${file} cannot be read (${own.reason}).`,
    );
    return { layout: 'none', levels: [], known: false, notes };
  }
  const mountInfo = readKernelText(root, '/proc/self/mountinfo');
  if (mountInfo.text === undefined) {
    notes.push(`/proc/self/mountinfo cannot be read (${mountInfo.reason}); /sys/fs/cgroup is assumed.`);
  }
  const mounts =
    mountInfo.text === undefined ? assumedMounts(root, controller) : parseCgroupMounts(mountInfo.text);
  const paths = parseOwnPaths(own.text, controller);
  const levels: CgroupLevel[] = [];
  for (const version of [1, 2] as const) {
    const path = version === 1 ? paths.v1 : paths.v2;
    if (path === undefined) continue;
    const usable = mounts.filter(
      (mount) => mount.version === version && (version === 2 || mount.controllers.includes(controller)),
    );
    if (usable.length === 0) continue;
    const found = levelsUnder(root, usable, path, pid ?? process.pid);
    if (found.length === 0) {
      notes.push(
        `The cgroup v${version} path ${path} is not visible under any mount: its limit cannot be seen. Set PLIMSOLL_LIMIT when one is set.`,
      );
    }
    levels.push(...(version === 1 && controller === 'memory' ? chargedLevels(root, found) : found));
  }
  return { layout: layoutOf(mounts, controller), levels, known: true, notes };
}

/** Kernels before 5.11 charge a v1 parent only where its memory.use_hierarchy says so. */
function chargedLevels(root: string, levels: readonly CgroupLevel[]): CgroupLevel[] {
  const end = levels.findIndex(
    ({ path }, index) =>
      index > 0 && readKernelText(root, join(path, 'memory.use_hierarchy')).text?.trim() === '0',
  );
  return end === -1 ? [...levels] : levels.slice(0, end);
}

function layoutOf(mounts: readonly CgroupMount[], controller: string): CgroupLayout {
  const hasV2 = mounts.some(({ version }) => version === 2);
  if (mounts.some(({ controllers }) => controllers.includes(controller))) return hasV2 ? 'hybrid' : 'v1';
  return hasV2 ? 'v2' : 'none';
}

/** Where every distribution mounts them, for a process that may not read mountinfo. */
function assumedMounts(root: string, controller: 'memory' | 'cpu'): CgroupMount[] {
  const v1 = `/sys/fs/cgroup/${controller}`;
  const mounts: CgroupMount[] = [
    { version: 2, cgroupRoot: '/', mountPoint: '/sys/fs/cgroup', controllers: [] },
  ];
  if (!existsSync(join(root, v1))) return mounts;
  return [{ version: 1, cgroupRoot: '/', mountPoint: v1, controllers: [controller] }];
}

function parseOwnPaths(text: string, controller: string): { v1?: string; v2?: string } {
  const paths: { v1?: string; v2?: string } = {};
  for (const line of text.split('\n')) {
    const match = /^(\d+):([^:]*):(\/.*)$/.exec(line);
    if (match === null) continue;
    const [, id, controllers = '', shown = ''] = match;
    const path = shown.replace(/ \(deleted\)$/, '');
    if (id === '0' && controllers === '') paths.v2 = path;
    else if (controllers.split(',').includes(controller)) paths.v1 = path;
  }
  return paths;
}

/** Own group first. The mount that shows the most ancestors wins; a path above the namespace is looked for by process id. */
function levelsUnder(root: string, mounts: readonly CgroupMount[], path: string, pid: number): CgroupLevel[] {
  let best: string[] | undefined;
  let bestMount: CgroupMount | undefined;
  for (const mount of mounts) {
    const below = pathBelow(mount, path);
    if (below === undefined) continue;
    const names =
      below.unknownCount === 0
        ? existsSync(join(root, mount.mountPoint, ...below.names))
          ? below.names
          : undefined
        : findByProcessId(root, mount.mountPoint, below, pid);
    if (names === undefined || (best !== undefined && names.length <= best.length)) continue;
    best = names;
    bestMount = mount;
  }
  if (best === undefined || bestMount === undefined) return [];
  const levels: CgroupLevel[] = [];
  for (let depth = best.length; depth >= 0; depth -= 1) {
    levels.push({
      version: bestMount.version,
      path: join(bestMount.mountPoint, ...best.slice(0, depth)),
    });
  }
  return levels;
}

/**
 * The names that lead from the mount point to `path`. Both are told from the root of the cgroup namespace; where the mount lies further above it than the
 * path, the first `unknownCount` names are hidden by the namespace.
 */
function pathBelow(mount: CgroupMount, path: string): { unknownCount: number; names: string[] } | undefined {
  const own = splitAscent(path);
  const top = splitAscent(mount.cgroupRoot);
  if (own.ascentCount > top.ascentCount) return undefined;
  if (own.ascentCount < top.ascentCount) {
    // Names below a hidden ancestor cannot be matched with the path.
    if (top.names.length > 0) return undefined;
    return { unknownCount: top.ascentCount - own.ascentCount, names: own.names };
  }
  if (top.names.some((name, index) => own.names[index] !== name)) return undefined;
  return { unknownCount: 0, names: own.names.slice(top.names.length) };
}

function splitAscent(path: string): { ascentCount: number; names: string[] } {
  const names = path.split('/').filter((name) => name !== '');
  const ascentCount = names.findIndex((name) => name !== '..');
  if (ascentCount === -1) return { ascentCount: names.length, names: [] };
  return { ascentCount, names: names.slice(ascentCount) };
}

function findByProcessId(
  root: string,
  mountPoint: string,
  { unknownCount, names: rest }: { readonly unknownCount: number; readonly names: readonly string[] },
  pid: number,
): string[] | undefined {
  let visitedCount = 0;
  let level: string[][] = [[]];
  for (let depth = 0; depth < unknownCount; depth += 1) {
    const next: string[][] = [];
    for (const names of level) {
      for (const name of directoriesIn(join(root, mountPoint, ...names))) {
        visitedCount += 1;
        if (visitedCount > SEARCH_COUNT) return undefined;
        next.push([...names, name]);
      }
    }
    level = next;
  }
  const ownLine = new RegExp(`^${pid}$`, 'm');
  return level
    .map((names) => [...names, ...rest])
    .find((names) => {
      const processes = readKernelText(root, join(mountPoint, ...names, 'cgroup.procs'));
      return processes.text !== undefined && ownLine.test(processes.text);
    });
}

function directoriesIn(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  } catch {
    // A group that vanished or may not be listed is not ours: our own can be listed.
    return [];
  }
}
