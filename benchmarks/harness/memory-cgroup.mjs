// A real memory cgroup (v1) for a child process: make it, run in it, watch it, remove it.
import { execFileSync, spawn } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

const hierarchy = '/sys/fs/cgroup/memory';
let groupCount = 0;

/** Why no memory cgroup can be made here; undefined when one can. */
export function whyNoCgroup() {
  try {
    new MemoryCgroup(64 * 2 ** 20).remove();
    return undefined;
  } catch (error) {
    return `cannot make a memory cgroup under ${hierarchy} (${error.code ?? error.message}); run as root where the memory controller is on cgroup v1`;
  }
}

/** One group under a limit. */
export class MemoryCgroup {
  constructor(limitBytes) {
    groupCount += 1;
    this.limitBytes = limitBytes;
    this.path = join(hierarchy, `plimsoll-${process.pid}-${groupCount}`);
    mkdirSync(this.path);
    writeFileSync(join(this.path, 'memory.limit_in_bytes'), String(limitBytes));
  }

  /** Starts a command inside the group. */
  spawn(words, options = {}) {
    const enter = ['-c', 'echo $$ > "$0/cgroup.procs" && exec "$@"', this.path, ...words];
    return spawn('/bin/sh', enter, options);
  }

  /** Runs a command inside the group and returns its output. */
  output(words, options = {}) {
    const enter = ['-c', 'echo $$ > "$0/cgroup.procs" && exec "$@"', this.path, ...words];
    return execFileSync('/bin/sh', enter, { encoding: 'utf8', ...options });
  }

  number(file) {
    return Number(readFileSync(join(this.path, file), 'utf8'));
  }

  /** How often the limit was hit, and how often the kernel killed. */
  counters() {
    const control = readFileSync(join(this.path, 'memory.oom_control'), 'utf8');
    return {
      limitHitCount: this.number('memory.failcnt'),
      oomKillCount: Number(/oom_kill (\d+)/.exec(control)?.[1] ?? 0),
      peakBytes: this.number('memory.max_usage_in_bytes'),
    };
  }

  /** Removes the group; its processes must have ended. */
  remove() {
    for (let attempt = 1; ; attempt += 1) {
      try {
        rmdirSync(this.path);
        return;
      } catch (error) {
        if (error.code !== 'EBUSY' || attempt === 50) throw error;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
      }
    }
  }
}

/**
 * A copy of a program whose pages nobody has in memory yet: whoever runs it first is charged for them, as the first container of an image on a node is.
 * Call `remove` on the result.
 */
export function privateProgram(path) {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-program-'));
  const copy = join(folder, basename(path));
  copyFileSync(path, copy);
  execFileSync('dd', [`of=${copy}`, 'oflag=nocache', 'conv=notrunc,fdatasync', 'count=0', 'status=none']);
  return { path: copy, folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
