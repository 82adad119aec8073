// A real memory cgroup (v1) for one command: made, limited, read, removed.
import { spawn } from 'node:child_process';
import { accessSync, constants, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = '/sys/fs/cgroup/memory';
let count = 0;

/** Why no memory cgroup can be made here, or undefined when one can. */
export function cgroupRefusal() {
  try {
    accessSync(join(root, 'memory.limit_in_bytes'));
    accessSync(root, constants.W_OK);
    return undefined;
  } catch (error) {
    return `cannot make a cgroup under ${root} (${error.code}); needs root and the v1 memory controller`;
  }
}

export class MemoryCgroup {
  constructor(limitBytes) {
    this.path = join(root, `plimsoll-bench-${process.pid}-${(count += 1)}`);
    mkdirSync(this.path);
    writeFileSync(join(this.path, 'memory.limit_in_bytes'), String(limitBytes));
  }

  #number(file) {
    return Number(readFileSync(join(this.path, file), 'utf8'));
  }

  /** Resizes the container while it runs. */
  set limitBytes(bytes) {
    writeFileSync(join(this.path, 'memory.limit_in_bytes'), String(bytes));
  }

  get usageBytes() {
    return this.#number('memory.usage_in_bytes');
  }

  get peakBytes() {
    return this.#number('memory.max_usage_in_bytes');
  }

  get failCount() {
    return this.#number('memory.failcnt');
  }

  /** Counts from 0 again: what one process has met must not be held against the next. */
  resetFailCount() {
    writeFileSync(join(this.path, 'memory.failcnt'), '0');
  }

  get oomKillCount() {
    return Number(
      /oom_kill (\d+)/.exec(readFileSync(join(this.path, 'memory.oom_control'), 'utf8'))?.[1] ?? 0,
    );
  }

  /** Runs `command` inside; resolves when it ended, or was ended because `timeoutMs` passed (`timedOut`) or the kernel failed a million charges (`livelocked`). */
  run(command, args, { timeoutMs, onSpawn, ...options }) {
    const script = 'echo $$ > "$0" && exec "$@"';
    const child = spawn('/bin/sh', ['-c', script, join(this.path, 'cgroup.procs'), command, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      ...options,
    });
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr']) {
      child[name].setEncoding('utf8').on('data', (text) => (output[name] += text));
    }
    onSpawn?.(child);
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill('SIGKILL');
    }, timeoutMs);
    let livelocked = false;
    const watch = setInterval(() => {
      livelocked ||= this.failCount > 1e6;
      if (livelocked) child.kill('SIGKILL');
    }, 500);
    return new Promise((resolve, reject) => {
      child.on('error', reject);
      // As in a container, where everything ends with the first process.
      child.on('exit', () => this.#endAll());
      child.on('close', (code, signal) => {
        clearTimeout(timer);
        clearInterval(watch);
        resolve({ code, signal, timedOut, livelocked, ...output });
      });
    });
  }

  #endAll() {
    for (const pid of readFileSync(join(this.path, 'cgroup.procs'), 'utf8').split('\n')) {
      if (pid === '') continue;
      try {
        process.kill(Number(pid), 'SIGKILL');
      } catch (error) {
        if (error.code !== 'ESRCH') throw error;
      }
    }
  }

  remove() {
    this.#endAll();
    for (let attempt = 0; attempt < 50; attempt += 1) {
      try {
        rmdirSync(this.path);
        return;
      } catch (error) {
        if (error.code !== 'EBUSY') throw error;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
      }
    }
  }
}
