// A memory cgroup as a container would have it, made and removed by the demo: v1 or v2, whichever this machine has and lets us write.
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

const V1 = '/sys/fs/cgroup/memory';
const V2 = '/sys/fs/cgroup';

/** A container of `limitBytes`, or the reason why there can be none. */
export function makeContainer(limitBytes) {
  if (process.platform !== 'linux') return { reason: `${process.platform} has no control groups` };
  const name = `plimsoll-demo-${process.pid}`;
  try {
    if (existsSync(join(V1, 'memory.limit_in_bytes')))
      return { container: new Container('v1', join(V1, name), limitBytes) };
    if (existsSync(join(V2, 'cgroup.controllers'))) {
      accessSync(V2, constants.W_OK);
      if (!readFileSync(join(V2, 'cgroup.subtree_control'), 'utf8').includes('memory')) {
        return { reason: 'the memory controller of cgroup v2 is not delegated here' };
      }
      return { container: new Container('v2', join(V2, name), limitBytes) };
    }
    return { reason: 'no memory control group is mounted here' };
  } catch (error) {
    return {
      reason: `a memory control group cannot be made here (${error.code ?? error.message}); it needs root`,
    };
  }
}

class Container {
  #version;
  #path;

  constructor(version, path, limitBytes) {
    this.#version = version;
    this.#path = path;
    mkdirSync(path);
    try {
      this.#write(version === 'v1' ? 'memory.limit_in_bytes' : 'memory.max', limitBytes);
    } catch (error) {
      rmdirSync(path);
      throw error;
    }
  }

  /** The shell words that put a shell into the container before it becomes the service; the file is passed as `$0`. */
  get enterScript() {
    return 'echo $$ > "$0" && exec "$@"';
  }

  get procsFile() {
    return join(this.#path, 'cgroup.procs');
  }

  /** What the kernel cannot take back, in bytes. */
  workingSetBytes() {
    const usage = this.#number(this.#version === 'v1' ? 'memory.usage_in_bytes' : 'memory.current');
    const key = this.#version === 'v1' ? 'total_inactive_file' : 'inactive_file';
    const inactive = Number(new RegExp(`^${key} (\\d+)`, 'm').exec(this.#read('memory.stat'))?.[1] ?? 0);
    return Math.max(0, usage - inactive);
  }

  /** How many processes the kernel has killed in here. */
  killCount() {
    const text = this.#read(this.#version === 'v1' ? 'memory.oom_control' : 'memory.events');
    return Number(/^oom_kill (\d+)/m.exec(text)?.[1] ?? 0);
  }

  peakBytes() {
    return this.#number(this.#version === 'v1' ? 'memory.max_usage_in_bytes' : 'memory.peak');
  }

  remove() {
    for (let tries = 0; tries < 20; tries += 1) {
      try {
        rmdirSync(this.#path);
        return;
      } catch {
        // The kernel needs a moment after the last process is gone.
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
      }
    }
  }

  #read(file) {
    return readFileSync(join(this.#path, file), 'utf8');
  }

  #number(file) {
    return Number(this.#read(file));
  }

  #write(file, value) {
    writeFileSync(join(this.#path, file), String(value));
  }
}
