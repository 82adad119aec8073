import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { describe } from 'vitest';
import { cgroupRefusal, MemoryCgroup } from '../benchmarks/cgroup/memory-cgroup.mjs';

/** How a command that ran in a group ended. */
export interface GroupRun {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A real control group of the machine, removed with everything in it when disposed. */
export interface MemoryGroup extends Disposable {
  readonly version: 1 | 2;
  /** Its directory under /sys/fs/cgroup. */
  readonly path: string;
  /** Sets the limit; undefined = none. */
  set limitBytes(bytes: number | undefined);
  readonly peakBytes: number;
  readonly oomKillCount: number;
  /** A group below this one. */
  child(name: string, limitBytes?: number): MemoryGroup;
  /** Starts a command in the group from its first instruction on. */
  spawn(command: string, args: readonly string[], options?: SpawnOptions): ChildProcess;
  /** Runs a command in the group to its end. */
  run(command: string, args: readonly string[], options?: SpawnOptions): Promise<GroupRun>;
}

/** `describe` for tests that need real control groups; where none can be made they are skipped, and the reason is in the title and on stderr. */
export function describeWithCgroup(title: string, body: () => void): void {
  const reason: string | undefined = cgroupRefusal();
  if (reason === undefined) {
    describe(title, body);
    return;
  }
  process.stderr.write(`SKIPPED: ${title}: ${reason}\n`);
  describe.skip(`${title} [SKIPPED: ${reason}]`, body);
}

/** Makes a group directly below the root of the memory hierarchy. */
export function createMemoryGroup(limitBytes?: number): MemoryGroup {
  return new MemoryCgroup(limitBytes) as MemoryGroup;
}
