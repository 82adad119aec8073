import { type ChildProcess, spawn, type SpawnOptions } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe } from 'vitest';

const V1_ROOT = '/sys/fs/cgroup/memory';
const V2_ROOT = '/sys/fs/cgroup';

/** What the kernel has counted for a group. */
export interface MemoryGroupCounts {
  readonly usageBytes: number;
  readonly peakBytes: number;
  readonly oomKillCount: number;
  /** How often a charge met the limit (v1 `failcnt`, v2 `memory.events` max). */
  readonly limitHitCount: number;
}

/** How a command that ran in a group ended. */
export interface GroupRun {
  readonly exitCode: number | null;
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
  setLimit(limitBytes: number | undefined): void;
  /** A group below this one. */
  child(name: string, limitBytes?: number): MemoryGroup;
  /** Starts a command in the group from its first instruction on. */
  spawn(command: string, args: readonly string[], options?: SpawnOptions): ChildProcess;
  /** Runs a command in the group to its end. */
  run(command: string, args: readonly string[], options?: SpawnOptions): Promise<GroupRun>;
  counts(): MemoryGroupCounts;
}

let nextNumber = 0;

/** Why no control group can be made here; undefined when one can. */
export function whyNoMemoryGroup(): string | undefined {
  if (process.platform !== 'linux') return `${process.platform} has no control groups`;
  try {
    createMemoryGroup()[Symbol.dispose]();
    return undefined;
  } catch (error) {
    return `cannot make a memory cgroup (${(error as NodeJS.ErrnoException).code ?? String(error)}); run as root on a machine with a writable /sys/fs/cgroup`;
  }
}

/** `describe` for tests that need real control groups; where none can be made they are skipped, and the reason is in the title and on stderr. */
export function describeWithCgroup(title: string, body: () => void): void {
  const reason = whyNoMemoryGroup();
  if (reason === undefined) {
    describe(title, body);
    return;
  }
  process.stderr.write(`SKIPPED: ${title}: ${reason}\n`);
  describe.skip(`${title} [SKIPPED: ${reason}]`, body);
}

/** Makes a group directly below the root of the memory hierarchy. */
export function createMemoryGroup(limitBytes?: number): MemoryGroup {
  const isV1 = existsSync(join(V1_ROOT, 'memory.limit_in_bytes'));
  nextNumber += 1;
  const name = `plimsoll-test-${process.pid}-${nextNumber}`;
  return openGroup(isV1 ? 1 : 2, join(isV1 ? V1_ROOT : V2_ROOT, name), limitBytes);
}

function openGroup(version: 1 | 2, path: string, limitBytes: number | undefined): MemoryGroup {
  mkdirSync(path);
  const children: MemoryGroup[] = [];
  const started: ChildProcess[] = [];
  const group: MemoryGroup = {
    version,
    path,
    setLimit: (bytes) => {
      if (version === 2) writeFileSync(join(path, 'memory.max'), bytes === undefined ? 'max' : String(bytes));
      else writeFileSync(join(path, 'memory.limit_in_bytes'), String(bytes ?? -1));
    },
    child: (name, bytes) => {
      if (version === 2) writeFileSync(join(path, 'cgroup.subtree_control'), '+memory');
      const below = openGroup(version, join(path, name), bytes);
      children.push(below);
      return below;
    },
    spawn: (command, args, options = {}) => {
      const enter = 'echo $$ > "$0/cgroup.procs" && exec "$@"';
      const process_ = spawn('sh', ['-c', enter, path, command, ...args], options);
      started.push(process_);
      return process_;
    },
    run: (command, args, options = {}) => collect(group.spawn(command, args, options)),
    counts: () => readCounts(version, path),
    [Symbol.dispose]: () => {
      for (const process_ of started) process_.kill('SIGKILL');
      for (const below of children) below[Symbol.dispose]();
      removeGroup(path);
    },
  };
  try {
    if (limitBytes !== undefined) group.setLimit(limitBytes);
    else group.counts();
  } catch (error) {
    rmdirSync(path);
    throw error;
  }
  return group;
}

function collect(process_: ChildProcess): Promise<GroupRun> {
  return new Promise((resolve, reject) => {
    let stdout = '';
    let stderr = '';
    process_.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    process_.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    process_.on('error', reject);
    process_.on('close', (exitCode, signal) => resolve({ exitCode, signal, stdout, stderr }));
  });
}

function readCounts(version: 1 | 2, path: string): MemoryGroupCounts {
  const text = (name: string) => readFileSync(join(path, name), 'utf8');
  const keyed = (name: string, key: string) =>
    Number(new RegExp(`^${key} (\\d+)`, 'm').exec(text(name))?.[1] ?? 0);
  if (version === 1) {
    return {
      usageBytes: Number(text('memory.usage_in_bytes')),
      peakBytes: Number(text('memory.max_usage_in_bytes')),
      oomKillCount: keyed('memory.oom_control', 'oom_kill'),
      limitHitCount: Number(text('memory.failcnt')),
    };
  }
  return {
    usageBytes: Number(text('memory.current')),
    peakBytes: existsSync(join(path, 'memory.peak')) ? Number(text('memory.peak')) : Number.NaN,
    oomKillCount: keyed('memory.events', 'oom_kill'),
    limitHitCount: keyed('memory.events', 'max'),
  };
}

/** What the group still holds was started in it, so that ending it is ours to do; the kernel needs a moment to let an ended process go. */
function removeGroup(path: string): void {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (let attempt = 0; attempt < 250; attempt += 1) {
    try {
      rmdirSync(path);
      return;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') return;
      if (code !== 'EBUSY') throw error;
    }
    for (const id of readFileSync(join(path, 'cgroup.procs'), 'utf8').split('\n')) {
      if (id === '') continue;
      try {
        process.kill(Number(id), 'SIGKILL');
      } catch {
        // It ended by itself meanwhile.
      }
    }
    Atomics.wait(pause, 0, 0, 20);
  }
  throw new Error(`The control group ${path} stays busy after 5 s.`);
}
