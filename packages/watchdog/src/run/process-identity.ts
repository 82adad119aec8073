import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { safeHostName } from '../incident/incident-name.ts';

/** Which process this is, also among processes of other containers and of other lives of this one, where every pid is 1. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Eight hex digits, new at every start. */
  readonly bootId: string;
  /** Pod or host, as far as it can be part of a file name. */
  readonly hostName: string;
  /** When the guard started. */
  readonly startedAtMs: number;
  /** The kernel's start time of the process; null where the kernel does not say. */
  readonly startTicks: number | null;
  /** The pid namespace `pid` counts in; null where there is none. */
  readonly pidNamespace: string | null;
}

/** The identity of this process. Never throws. */
export function identifyProcess(): ProcessIdentity {
  return {
    pid: process.pid,
    bootId: newBootId(),
    hostName: safeHostName(hostname()),
    startedAtMs: Date.now(),
    startTicks: readStartTicks('self') ?? null,
    pidNamespace: readPidNamespace(),
  };
}

/** Only two starts of one pid on one host must differ, so the generator of the language will do; `node:crypto` costs 2 ms and 0.4 MB at every start. */
export function newBootId(): string {
  return Math.floor(Math.random() * 2 ** 32)
    .toString(16)
    .padStart(8, '0');
}

/**
 * Whether the process `other` still lives: `unknown` when it counts its pids in another namespace, where only a heartbeat can tell.
 */
export function isAlive(other: ProcessIdentity, self: ProcessIdentity): boolean | 'unknown' {
  if (other.pidNamespace !== self.pidNamespace) return 'unknown';
  if (other.startTicks !== null) return readStartTicks(String(other.pid)) === other.startTicks;
  try {
    process.kill(other.pid, 0);
    return 'unknown';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? 'unknown' : false;
  }
}

/** A process that has ended and whose parent has not asked for it yet: a restart by a supervisor is faster than that. */
const endedStates: ReadonlySet<string | undefined> = new Set(['Z', 'X', 'x']);

/** Field 22 of `/proc/<pid>/stat`; the name before it may hold spaces and brackets. Undefined for a process that has ended. */
function readStartTicks(pid: string): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ticks = Number(fields[19]);
    return Number.isFinite(ticks) && !endedStates.has(fields[0]) ? ticks : undefined;
  } catch {
    // No such process, no /proc, or no permission.
    return undefined;
  }
}

function readPidNamespace(): string | null {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    // Not Linux, or no permission.
    return null;
  }
}
