// A real memory cgroup, of version 1 or 2, for commands: made, limited, read, removed.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const v1Root = '/sys/fs/cgroup/memory';
const v2Root = '/sys/fs/cgroup';
/** What both versions tell, by the file of each and, where there are several numbers in it, the word before it. */
const counters = {
  1: {
    limit: ['memory.limit_in_bytes'],
    usage: ['memory.usage_in_bytes'],
    peak: ['memory.max_usage_in_bytes'],
    fails: ['memory.failcnt'],
    oomKills: ['memory.oom_control', 'oom_kill'],
  },
  2: {
    limit: ['memory.max'],
    usage: ['memory.current'],
    peak: ['memory.peak'],
    fails: ['memory.events', 'max'],
    oomKills: ['memory.events', 'oom_kill'],
  },
};
const noLimit = { 1: '-1', 2: 'max' };
let count = 0;

/** Why no memory cgroup can be made here, or undefined when one can. */
export function cgroupRefusal() {
  if (process.platform !== 'linux') return `${process.platform} has no control groups`;
  try {
    new MemoryCgroup().remove();
    return undefined;
  } catch (error) {
    return `cannot make a memory cgroup (${error.code ?? error}); needs root and a writable /sys/fs/cgroup`;
  }
}

export class MemoryCgroup {
  #children = [];
  #started = [];
  #failCountBefore = 0;

  /** Below the root of the hierarchy, or as `path`; without `limitBytes` there is no limit. */
  constructor(limitBytes, path) {
    /** Of the kernel's interface. */
    this.version = existsSync(join(v1Root, 'memory.limit_in_bytes')) ? 1 : 2;
    this.path = path ?? join(this.version === 1 ? v1Root : v2Root, `plimsoll-${process.pid}-${(count += 1)}`);
    mkdirSync(this.path);
    try {
      this.limitBytes = limitBytes;
    } catch (error) {
      rmdirSync(this.path);
      throw error;
    }
  }

  #read([file, word]) {
    const text = readFileSync(join(this.path, file), 'utf8');
    if (word === undefined) return Number(text);
    return Number(new RegExp(`^${word} (\\d+)`, 'm').exec(text)?.[1] ?? 0);
  }

  /** Resizes the container while it runs; undefined takes the limit away. */
  set limitBytes(bytes) {
    const [file] = counters[this.version].limit;
    writeFileSync(join(this.path, file), String(bytes ?? noLimit[this.version]));
  }

  get usageBytes() {
    return this.#read(counters[this.version].usage);
  }

  /** NaN where an old kernel does not tell. */
  get peakBytes() {
    const { peak } = counters[this.version];
    return existsSync(join(this.path, peak[0])) ? this.#read(peak) : Number.NaN;
  }

  /** How often a charge met the limit. */
  get failCount() {
    return this.#read(counters[this.version].fails) - this.#failCountBefore;
  }

  /** Counts from 0 again: what one process has met must not be held against the next. */
  resetFailCount() {
    this.#failCountBefore += this.failCount;
  }

  get oomKillCount() {
    return this.#read(counters[this.version].oomKills);
  }

  /** A group below this one, removed with it. */
  child(name, limitBytes) {
    if (this.version === 2) writeFileSync(join(this.path, 'cgroup.subtree_control'), '+memory');
    const below = new MemoryCgroup(limitBytes, join(this.path, name));
    this.#children.push(below);
    return below;
  }

  /** Starts `command` in the group from its first instruction on. */
  spawn(command, args, options = {}) {
    const enter = 'echo $$ > "$0" && exec "$@"';
    const words = ['-c', enter, join(this.path, 'cgroup.procs'), command, ...args];
    const child = spawn('/bin/sh', words, options);
    this.#started.push(child);
    return child;
  }

  /** Runs `command` inside; resolves when it ended, or was ended because `timeoutMs` passed (`timedOut`) or the kernel failed a million charges (`livelocked`). */
  run(command, args, { timeoutMs = 120_000, onSpawn, ...options } = {}) {
    const child = this.spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
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

  /** Ends what is still in the group and removes it; nothing to do where somebody else has. */
  remove() {
    // One that has not entered yet would find no group, and stay.
    for (const child of this.#started) child.kill('SIGKILL');
    for (const below of this.#children) below.remove();
    for (let attempt = 0; attempt < 500; attempt += 1) {
      try {
        rmdirSync(this.path);
        return;
      } catch (error) {
        if (error.code === 'ENOENT') return;
        if (error.code !== 'EBUSY') throw error;
      }
      this.#endAll();
      // The kernel needs a moment to let an ended process go.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    }
    throw new Error(`The control group ${this.path} stays busy after 10 s.`);
  }

  [Symbol.dispose]() {
    this.remove();
  }
}
