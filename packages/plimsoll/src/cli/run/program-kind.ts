import { closeSync, openSync, readSync, realpathSync } from 'node:fs';
import { basename } from 'node:path';

/**
 * How a program takes flags meant for Node.js. `node`: as its arguments. `launcher`: it starts Node.js sooner or later, so in `NODE_OPTIONS`.
 * `manager`: likewise, and it stays in memory beside the service, as package managers and process managers do. `other`: not at all.
 */
export type ProgramKind = 'node' | 'launcher' | 'manager' | 'other';

const NODE_NAMES: ReadonlySet<string> = new Set(['node', 'nodejs']);

const MANAGERS: ReadonlySet<string> = new Set([
  'npm',
  'npx',
  'pnpm',
  'pnpx',
  'yarn',
  'yarnpkg',
  'corepack',
  'pm2',
  'pm2-runtime',
  'pm2-docker',
]);

/** Programs that become, or wait for, the program they are given: shells, init programs, what sets users, limits and secrets, version managers. */
const LAUNCHERS: ReadonlySet<string> = new Set(
  (
    'sh ash bash dash ksh mksh zsh busybox tini tini-static dumb-init catatonit docker-init s6-setuidgid chpst ' +
    'env nice ionice nohup setsid stdbuf taskset timeout time chrt numactl su-exec gosu setpriv setuidgid runuser su sudo doas unshare script strace ' +
    'doppler infisical chamber dotenvx op vault-env xvfb-run volta fnm mise asdf'
  ).split(' '),
);

/** The kind of the program at `path`, called by `word`. */
export function kindOfProgram(word: string, path: string): ProgramKind {
  const names = [word, path, realPath(path)].map(programName);
  const realName = names[2] ?? '';
  if (realName === 'bun' || realName === 'deno') return 'other';
  if (names.some((name) => NODE_NAMES.has(name))) return 'node';
  if (names.some((name) => MANAGERS.has(name))) return 'manager';
  if (names.some((name) => LAUNCHERS.has(name))) return 'launcher';
  const interpreter = interpreterOf(path);
  return interpreter !== undefined && (NODE_NAMES.has(interpreter) || LAUNCHERS.has(interpreter))
    ? 'launcher'
    : 'other';
}

function programName(path: string): string {
  return basename(path).replace(/\.(?:exe|cmd|c?js)$/i, '');
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    // Whoever starts it will say what is wrong with it.
    return path;
  }
}

/** The program named by a script's first line, looking through `env`; undefined when the file is no script. */
export function interpreterOf(path: string): string | undefined {
  const match = /^#!\s*(\S+)(?:[ \t]+(.*))?/.exec(readStart(path));
  if (match === null) return undefined;
  const name = basename(match[1] ?? '');
  if (name !== 'env') return name;
  const word = (match[2] ?? '').split(/\s+/).find((part) => !part.startsWith('-') && !part.includes('='));
  return word === undefined ? undefined : basename(word);
}

function readStart(path: string): string {
  try {
    const descriptor = openSync(path, 'r');
    try {
      const start = Buffer.alloc(256);
      return start.toString('latin1', 0, readSync(descriptor, start, 0, start.length, 0));
    } finally {
      closeSync(descriptor);
    }
  } catch {
    // A program may be executable and not readable; it is then no script.
    return '';
  }
}
