import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readPageBytes } from './process-gauge.ts';

/** Groups below the one that is asked for, and processes in all of them, that are looked at. */
const MAX_GROUPS = 32;
const MAX_PROCESSES = 256;

/** One process of a control group. */
export interface GroupProcess {
  readonly pid: number;
  /** The kernel's name of it, at most 15 characters; never its arguments. */
  readonly name: string;
  /** Resident memory that belongs to no file. */
  readonly anonymousBytes: number;
}

/**
 * The processes in the control group at `groupPath` (`/sys/fs/cgroup/…`) and in the groups below it, as far as this process can see them: those of another pid namespace are left
 * out. About 40 µs and 25 µs for each process. Never throws; empty where there is nothing to see.
 */
export function readGroupProcesses(groupPath: string): GroupProcess[] {
  const groups = [groupPath];
  const pids = new Set<number>();
  for (let index = 0; index < groups.length && pids.size < MAX_PROCESSES; index += 1) {
    const path = groups[index] as string;
    for (const line of linesOf(join(path, 'cgroup.procs'))) {
      // The kernel shows the processes of another namespace as 0.
      if (Number(line) > 0 && pids.size < MAX_PROCESSES) pids.add(Number(line));
    }
    groups.push(...foldersIn(path).slice(0, MAX_GROUPS - groups.length));
  }
  const processes: GroupProcess[] = [];
  const pageBytes = readPageBytes('/');
  for (const pid of pids) {
    const found = readProcess(pid, pageBytes);
    if (found !== undefined) processes.push(found);
  }
  return processes;
}

function readProcess(pid: number, pageBytes: number): GroupProcess | undefined {
  try {
    const [, resident = 0, shared = 0] = readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ').map(Number);
    const name = readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
    return { pid, name, anonymousBytes: (resident - shared) * pageBytes };
  } catch {
    // It has ended meanwhile, or may not be looked at.
    return undefined;
  }
}

function linesOf(path: string): string[] {
  try {
    return readFileSync(path, 'latin1').split('\n');
  } catch {
    // No such group, or a v2 group that holds threads only.
    return [];
  }
}

function foldersIn(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => join(path, name));
  } catch {
    // As above.
    return [];
  }
}
