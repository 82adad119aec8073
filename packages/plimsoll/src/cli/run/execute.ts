import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { exitCodes } from '../failure.ts';
import type { RunDecision } from './decide-run.ts';
import { writeRunNote } from './run-note.ts';

type Execve = (file: string, words: readonly string[], environment: NodeJS.ProcessEnv) => never;

/** Signals a supervisor sends, passed on to the service when it is a child. */
const PASSED_ON: readonly NodeJS.Signals[] = [
  'SIGTERM',
  'SIGINT',
  'SIGHUP',
  'SIGQUIT',
  'SIGUSR2',
  'SIGWINCH',
];

/** Those a terminal sends to the whole foreground group by itself. */
const FROM_TERMINAL: ReadonlySet<NodeJS.Signals> = new Set(['SIGINT', 'SIGQUIT', 'SIGWINCH']);

/**
 * Starts what was decided from this process, for systems without a POSIX shell. Becomes the program where Node.js has `process.execve` and no IPC channel
 * would be lost by it; otherwise runs it as a child with signals, messages and exit code passed through, and says so.
 */
export function execute(decision: RunDecision, environment: NodeJS.ProcessEnv): void {
  const { path, program, insertedArguments, variables, notes, log } = decision;
  const [word = '', ...rest] = program;
  const words = [...insertedArguments, ...rest];
  const serviceEnvironment = { ...environment, ...variables };
  for (const note of notes) writeRunNote(note, log);
  const { execve } = process as { execve?: Execve };
  if (execve !== undefined && process.send === undefined && process.platform !== 'win32') {
    execve(path, [word, ...words], serviceEnvironment);
  }
  const message =
    'this process stays beside the service, because it could not become it: use the plimsoll command where there is a shell.';
  writeRunNote({ event: 'two-processes', message }, log);
  runAsChild(path, word, words, serviceEnvironment);
}

function runAsChild(path: string, argv0: string, words: string[], environment: NodeJS.ProcessEnv): void {
  const hasChannel = process.send !== undefined;
  const child = spawn(path, words, {
    argv0,
    env: environment,
    stdio: hasChannel ? ['inherit', 'inherit', 'inherit', 'ipc'] : 'inherit',
  });
  for (const signal of PASSED_ON) {
    process.on(signal, () => {
      if (!(process.stdin.isTTY && FROM_TERMINAL.has(signal))) child.kill(signal);
    });
  }
  if (hasChannel) {
    child.on('message', (message) => process.send?.(message));
    process.on('message', (message) => child.send(message as string));
    process.on('disconnect', () => child.connected && child.disconnect());
    child.on('disconnect', () => process.connected && process.disconnect());
  }
  child.on('error', (error) => {
    process.stderr.write(`plimsoll: ${argv0}: ${error.message}\n`);
    process.exit(exitCodes.notRunnable);
  });
  child.on('exit', (code, signal) => endAs(code, signal));
}

/** Ends this process as the service ended. */
function endAs(code: number | null, signal: NodeJS.Signals | null): void {
  if (signal === null) {
    process.exit(code ?? 1);
  }
  process.removeAllListeners(signal);
  // As PID 1 a signal without a handler does nothing, and some signals Node.js keeps for itself: the exit code then says it as a shell would.
  setTimeout(() => process.exit(128 + constants.signals[signal]), 100);
  process.kill(process.pid, signal);
}
