import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { splitNodeOptions } from '@plimsoll/heap';

/** The service a diagnosis is about: how it runs, or would be started. */
export interface Service {
  /** Where it was found, in words: `process 1`, `the start script of package.json`. */
  readonly foundIn: string;
  /** Words after `node`, its own arguments and the script. */
  readonly words: readonly string[];
  readonly nodeOptions: string | undefined;
  /** The Node.js that runs it; undefined when the one on the PATH will. */
  readonly nodePath: string | undefined;
  /** True where `plimsoll run` will start it, so that its heap is that of the plan. */
  readonly isRun?: boolean;
  /** The process, where it runs. */
  readonly pid?: number;
  /** What it was started with: its own settings count, not those of who asks. */
  readonly environment?: NodeJS.ProcessEnv;
}

/** A service given on the command line of `doctor`: the words after `--`. */
export function statedService(words: readonly string[], nodeOptions: string | undefined): Service {
  const end = words.findIndex((word) => /^node(?:js)?$/.test(basename(word)));
  const nodePath = words[end]?.includes('/') === true ? words[end] : undefined;
  return {
    foundIn: 'the command given',
    words: words.slice(end + 1),
    nodeOptions,
    nodePath,
    isRun: isRunBy(words.slice(0, end)),
  };
}

/** The running process `pid`; undefined when it has ended, may not be read, or is not Node.js. */
export function runningService(pid: number): Service | undefined {
  try {
    const [program = '', ...words] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
    if (!/^node(?:js)?$/.test(basename(program))) return undefined;
    const environment = environmentOf(pid);
    const nodeOptions = environment['NODE_OPTIONS'];
    return { foundIn: `process ${pid}`, words, nodeOptions, nodePath: `/proc/${pid}/exe`, pid, environment };
  } catch {
    return undefined;
  }
}

function environmentOf(pid: number): NodeJS.ProcessEnv {
  const entries = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  const pairs = entries.map((entry) => [entry, entry.indexOf('=')] as const).filter(([, end]) => end > 0);
  return Object.fromEntries(pairs.map(([entry, end]) => [entry.slice(0, end), entry.slice(end + 1)]));
}

/**
 * The service of this container: process 1, or the largest Node.js process in the same memory cgroup that is neither this command nor what started it.
 * undefined where there is no such process.
 */
export function serviceOfContainer(): Service | undefined {
  const own = cgroupOf('self');
  if (own === undefined) return undefined;
  const ancestors = ancestorsOf(process.pid);
  const pids = readdirSync('/proc')
    .map(Number)
    .filter(
      (pid) => Number.isInteger(pid) && pid > 0 && !ancestors.has(pid) && cgroupOf(String(pid)) === own,
    );
  const found = pids
    .map((pid) => ({ pid, service: runningService(pid), residentCount: residentPagesOf(pid) }))
    .filter(({ service }) => service !== undefined);
  found.sort((a, b) => Number(b.pid === 1) - Number(a.pid === 1) || b.residentCount - a.residentCount);
  return found[0]?.service;
}

/** True for a process of the control group that this command is in too: what Node.js says of its heap here holds there. */
export function isOurGroup(pid: number): boolean {
  return cgroupOf(String(pid)) === cgroupOf('self');
}

function cgroupOf(pid: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/cgroup`, 'utf8');
  } catch {
    return undefined;
  }
}

function residentPagesOf(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]);
  } catch {
    return 0;
  }
}

function ancestorsOf(pid: number): Set<number> {
  const found = new Set([pid]);
  for (let next = pid; next > 1;) {
    next = parentOf(next);
    if (next > 1) found.add(next);
  }
  return found;
}

function parentOf(pid: number): number {
  try {
    return Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** What the folder says about how its service is started: the `CMD` or `ENTRYPOINT` of a Dockerfile, else the start script of package.json. */
export function serviceOfFolder(folder: string, nodeOptions: string | undefined): Service | undefined {
  return dockerfileService(folder) ?? startScriptService(folder, nodeOptions);
}

function startScriptService(folder: string, nodeOptions: string | undefined): Service | undefined {
  const text = readText(join(folder, 'package.json'));
  if (text === undefined) return undefined;
  let script: unknown;
  try {
    script = (JSON.parse(text) as { scripts?: { start?: unknown } }).scripts?.start;
  } catch {
    return undefined;
  }
  if (typeof script !== 'string') return undefined;
  const service = commandLineService(script, nodeOptions);
  return service === undefined
    ? undefined
    : { ...service, foundIn: `the start script of ${join(folder, 'package.json')}` };
}

function dockerfileService(folder: string): Service | undefined {
  const path = join(folder, 'Dockerfile');
  const text = readText(path)?.replaceAll(/\\\r?\n/g, ' ');
  if (text === undefined) return undefined;
  const nodeOptions = /^\s*ENV\s+NODE_OPTIONS(?:=|\s+)(.+)$/im.exec(text)?.[1];
  const commands = [...text.matchAll(/^\s*(?:CMD|ENTRYPOINT)\s+(.+)$/gim)].map((match) => match[1] ?? '');
  const line = commands.map((command) => wordsOfInstruction(command).join(' ')).join(' ');
  const service = commandLineService(line, unquoted(nodeOptions));
  return service === undefined ? undefined : { ...service, foundIn: path };
}

function wordsOfInstruction(command: string): string[] {
  try {
    const words: unknown = JSON.parse(command);
    if (Array.isArray(words)) return words.map(String);
  } catch {
    // The shell form of the instruction.
  }
  return command.split(/\s+/);
}

function unquoted(text: string | undefined): string | undefined {
  return text?.trim().replace(/^"(.*)"$|^'(.*)'$/, '$1$2');
}

/** The service in a shell command line: the words after the last `node`, and a `NODE_OPTIONS=` before it. */
function commandLineService(line: string, inherited: string | undefined): Service | undefined {
  const words = splitNodeOptions(line.replaceAll("'", '"'));
  const end = words.findLastIndex((word) => /^node(?:js)?$/.test(basename(word)));
  const assigned = words.findLast((word) => word.startsWith('NODE_OPTIONS='))?.slice('NODE_OPTIONS='.length);
  if (end === -1 && assigned === undefined) return undefined;
  const nodeOptions = assigned ?? inherited;
  return {
    foundIn: 'a command line',
    words: end === -1 ? [] : words.slice(end + 1),
    nodeOptions,
    nodePath: undefined,
    isRun: isRunBy(words.slice(0, Math.max(0, end))),
  };
}

/** True when the words before `node` are those of `plimsoll run`. */
function isRunBy(words: readonly string[]): boolean {
  return words.some((word, index) => basename(word) === 'plimsoll' && words[index + 1] === 'run');
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
