// One file without dependencies, because it runs inside the container that is full: `kubectl exec` is charged to the same limit. The commands use it, and by itself
// it prints the answer to one request: node client.js [pid] <method> ['{"param":1}']
import { closeSync, constants, openSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * What a command may still need once it runs: its whole peak is 2.7 MiB above a bare Node.js. bin/plimsoll does not even start it in a container with less than
 * 12 MiB left, of which it takes 8.5.
 */
export const needBytes: number = 4 * 1024 * 1024;

/** Exit codes of what goes wrong between a command and a process. */
export const controlExitCodes = {
  /** No guarded process answers. */
  unreachable: 5,
  /** The process answered and refused, or its container has no room for the command. */
  refused: 6,
} as const;

/** Ends the command with one message and an exit code. */
export class ControlFailure extends Error {
  override readonly name = 'ControlFailure';
  readonly exitCode: number;

  constructor(message: string, exitCode: number) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** A process as its run folder shows it. */
export interface GuardedProcess {
  readonly pid: number;
  readonly hostName: string;
  readonly runPath: string;
  /** What `status.json` says; up to 10 s old. */
  readonly status: Readonly<Record<string, unknown>>;
}

/** The folders in force, as the guard of a service with the same environment has them. */
export function guardFolders(environment: NodeJS.ProcessEnv): { incidentDir: string; runDir: string } {
  const user = process.getuid?.();
  const fallback = join(tmpdir(), user === undefined ? 'plimsoll-incidents' : `plimsoll-incidents-${user}`);
  const incidentDir = environment['PLIMSOLL_INCIDENT_DIR'] || fallback;
  return { incidentDir, runDir: environment['PLIMSOLL_RUN_DIR'] || join(incidentDir, 'run') };
}

/** Every run folder below `runDir` that says which process it is of, whether that lives or not. */
export function findProcesses(runDir: string): GuardedProcess[] {
  let names: string[];
  try {
    names = readdirSync(runDir);
  } catch {
    // No guard has run here, or not for this user.
    return [];
  }
  const found: GuardedProcess[] = [];
  for (const name of names) {
    const runPath = join(runDir, name);
    try {
      const status = JSON.parse(
        readFileSync(join(runPath, 'status.json'), 'utf8'),
      ) as GuardedProcess['status'];
      const { pid, hostName } = status['identity'] as { pid: number; hostName: string };
      found.push({ pid, hostName, runPath, status });
    } catch {
      // Being made, being removed, or no run.
    }
  }
  return found.sort((a, b) => a.pid - b.pid);
}

/** A connection to one guarded process. */
export class ControlConnection implements Disposable {
  readonly #socket: Socket;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #text = '';
  #lastId = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding('utf8').on('data', (text: string) => this.#read(text));
    socket.on('close', () => this.#end());
  }

  /** @throws ControlFailure `unreachable`. */
  static open(found: GuardedProcess): Promise<ControlConnection> {
    const { path, close } = reach(join(found.runPath, 'control.sock'));
    return new Promise((resolve, reject) => {
      const socket = connect(path, () => {
        close();
        resolve(new ControlConnection(socket));
      });
      socket.on('error', (error) => {
        close();
        const message = `process ${found.pid} (${found.runPath}) does not answer: ${error.message}`;
        reject(new ControlFailure(message, controlExitCodes.unreachable));
      });
    });
  }

  /** The result of one request. @throws ControlFailure with the words of the process when it refuses, or when it ends meanwhile. */
  request<Result>(method: string, params: object = {}): Promise<Result> {
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise<Result>((resolve, reject) => {
      this.#waiting.set(id, (answer) => {
        if (answer.error === undefined) resolve(answer.result as Result);
        else reject(new ControlFailure(answer.error.message, controlExitCodes.refused));
      });
      if (this.#socket.destroyed) this.#end();
      else this.#socket.write(`${JSON.stringify({ id, method, params })}\n`);
    });
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  #read(text: string): void {
    this.#text += text;
    for (let end = this.#text.indexOf('\n'); end >= 0; end = this.#text.indexOf('\n')) {
      const answer = JSON.parse(this.#text.slice(0, end)) as Answer;
      this.#text = this.#text.slice(end + 1);
      // Without an id the process speaks about the connection: whoever waits is meant.
      const ids = answer.id === null ? [...this.#waiting.keys()] : [Number(answer.id)];
      for (const id of ids) {
        this.#waiting.get(id)?.(answer);
        this.#waiting.delete(id);
      }
    }
  }

  #end(): void {
    const error = { message: 'the process closed the connection before it answered' };
    for (const answer of this.#waiting.values()) answer({ id: null, error });
    this.#waiting.clear();
  }
}

interface Answer {
  readonly id: number | string | null;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

/** A path longer than the kernel takes (`sun_path`) is reached through a descriptor of its folder. */
function reach(path: string): { path: string; close: () => void } {
  if (process.platform !== 'linux' || Buffer.byteLength(path) <= 107) return { path, close: () => undefined };
  const descriptor = openSync(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY);
  return {
    path: join('/proc/self/fd', String(descriptor), basename(path)),
    close: () => closeSync(descriptor),
  };
}

/** The processes that answer now. */
export async function livingProcesses(runDir: string): Promise<GuardedProcess[]> {
  const living: GuardedProcess[] = [];
  for (const found of findProcesses(runDir)) {
    try {
      (await ControlConnection.open(found))[Symbol.dispose]();
      living.push(found);
    } catch {
      // Dead, without a channel, or of another machine that shares the folder.
    }
  }
  return living;
}

/**
 * The living process that is meant: by pid, by host name, by the name of its run folder; without a name, the only one.
 * @throws ControlFailure naming what there is.
 */
export async function chooseProcess(runDir: string, name: string | undefined): Promise<GuardedProcess> {
  const living = await livingProcesses(runDir);
  const isMeant = ({ pid, hostName, runPath }: GuardedProcess): boolean =>
    name === undefined || [String(pid), hostName, basename(runPath)].includes(name);
  const [found, ...others] = living.filter(isMeant);
  const list = living.map(({ pid, runPath }) => `${pid} (${basename(runPath)})`).join(', ');
  if (found === undefined) {
    const which = name === undefined ? 'no guarded process' : `no guarded process "${name}"`;
    const there =
      list === ''
        ? ' Start one with plimsoll run, or name its folder in PLIMSOLL_RUN_DIR.'
        : ` There are: ${list}.`;
    throw new ControlFailure(`${which} answers in ${runDir}.${there}`, controlExitCodes.unreachable);
  }
  if (others.length > 0) {
    throw new ControlFailure(`several guarded processes answer; name one of: ${list}.`, 2);
  }
  return found;
}

/**
 * Ends the command where it would be charged to a container that has no room for it.
 * @throws ControlFailure `refused`.
 */
export function requireRoom(pid: number, headroomBytes: number, runPath: string): void {
  if (headroomBytes >= needBytes || !sharesMemory(pid)) return;
  const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  throw new ControlFailure(
    `the container of process ${pid} has ${mebibytes(headroomBytes)} left, this command may need ${mebibytes(needBytes)} of it and ends here. Read ${join(runPath, 'status.json')} with cat.`,
    controlExitCodes.refused,
  );
}

/** True when this command is charged to the cgroup of `pid`, or may be. */
function sharesMemory(pid: number): boolean {
  try {
    return readFileSync('/proc/self/cgroup', 'utf8') === readFileSync(`/proc/${pid}/cgroup`, 'utf8');
  } catch {
    // Another pid namespace, or not Linux: then as if it did.
    return true;
  }
}

async function main(): Promise<void> {
  const words = process.argv.slice(2);
  const pid = /^\d+$/.test(words[0] ?? '') ? words.shift() : undefined;
  const [method = 'sample', params = '{}'] = words;
  // oxlint-disable-next-line node/no-process-env -- the configuration table is a dependency, and this file has none
  const found = await chooseProcess(guardFolders(process.env).runDir, pid);
  // Not `using`: what it compiles to would need a package.
  const connection = await ControlConnection.open(found);
  try {
    const result = await connection.request(method, JSON.parse(params) as object);
    process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  } finally {
    connection[Symbol.dispose]();
  }
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  main().catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = error instanceof ControlFailure ? error.exitCode : 1;
  });
}
