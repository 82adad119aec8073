// The two processes of the demo: the service, started by `plimsoll run` inside the container, and its traffic.
import { fork, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const exampleDir = join(import.meta.dirname, '..');
const require = createRequire(import.meta.url);

/** The program behind `pnpm plimsoll`. */
export const pnpmPlimsoll = join(dirname(require.resolve('plimsoll')), 'cli', 'main.js');

/** The command as an installed package has it. */
const plimsollCommand = join(exampleDir, 'node_modules', '.bin', 'plimsoll');

/** Logins a second, so that a life takes about half a minute whatever the limit: each leaks about 14 kB. */
function loginsPerSecond(limitBytes) {
  return Math.round((limitBytes / 2 ** 20) * 2.3);
}

/** Starts the service and resolves when it listens; rejects with what it said when it ends before. */
export async function startService({ container, limitBytes, folders }) {
  const env = {
    ...process.env,
    PLIMSOLL_INCIDENT_DIR: folders.incidentDir,
    PLIMSOLL_RUN_DIR: folders.runDir,
    PLIMSOLL_LOG: 'json',
    ...(container === undefined && { PLIMSOLL_LIMIT: String(limitBytes) }),
  };
  const words = [plimsollCommand, 'run', '--', 'node', 'server.js'];
  const [command, args] =
    container === undefined
      ? [words[0], words.slice(1)]
      : ['/bin/sh', ['-c', container.enterScript, container.procsFile, ...words]];
  const child = spawn(command, args, { cwd: exampleDir, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (stderr = (stderr + text).slice(-200_000)));
  const port = await new Promise((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text;
      const match = /listening on (\d+)/.exec(stdout);
      if (match !== null) resolve(Number(match[1]));
    });
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      reject(new Error(`the service ended (${signal ?? code}) before it listened:\n${stderr}`));
    });
  });
  return {
    child,
    port,
    stderr: () => stderr,
    /** What the guard says of the pressure; `cat status.json` shows the same. */
    level: () => readStatus(folders.runDir)?.level ?? 'starting',
    residentBytes: () => residentBytes(child.pid),
  };
}

function readStatus(runDir) {
  try {
    const [own] = readdirSync(runDir);
    return JSON.parse(readFileSync(join(runDir, own, 'status.json'), 'utf8'));
  } catch {
    // Not written yet, or just being replaced: the line shows the state before.
    return undefined;
  }
}

function residentBytes(pid) {
  try {
    return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    // No /proc (macOS), or the process is gone.
    return 0;
  }
}

/** Starts the customers. */
export function startTraffic(port, limitBytes) {
  const child = fork(join(import.meta.dirname, 'traffic.mjs'), [
    String(port),
    String(loginsPerSecond(limitBytes)),
  ]);
  const traffic = { servedCount: 0, failedCount: 0, stop: () => child.kill() };
  child.on('message', ({ servedCount, failedCount }) => Object.assign(traffic, { servedCount, failedCount }));
  return traffic;
}
