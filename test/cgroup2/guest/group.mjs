// A control group of version 2, and processes in it.
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export class Group {
  #children = [];

  constructor(path, files = {}) {
    this.path = path.startsWith('/') ? path : join('/sys/fs/cgroup', path);
    mkdirSync(this.path);
    for (const [name, value] of Object.entries(files)) this.set(name, value);
  }

  set(name, value) {
    writeFileSync(join(this.path, name), String(value));
  }

  get(name) {
    return readFileSync(join(this.path, name), 'utf8').trim();
  }

  event(name) {
    return Number(new RegExp(`^${name} (\\d+)`, 'm').exec(this.get('memory.events'))?.[1]);
  }

  /** A group below; this one must hold no process then. */
  child(name, files) {
    this.set('cgroup.subtree_control', '+memory');
    const group = new Group(join(this.path, name), files);
    this.#children.push(group);
    return group;
  }

  /** Runs a command in the group from its first instruction on; resolves when it has ended. */
  run(command, args, env = {}) {
    const words = ['-c', 'echo $$ > "$0/cgroup.procs" && exec "$@"', this.path, command, ...args];
    const child = spawn('sh', words, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    const ended = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr']) child[name].on('data', (text) => (ended[name] += text));
    return new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code, signal) => resolve({ ...ended, code, signal }));
    });
  }

  remove() {
    for (const child of this.#children) child.remove();
    rmdirSync(this.path);
  }
}
