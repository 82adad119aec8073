import { realpathSync } from 'node:fs';

/** Major version of the `node` at `path`; of this process when that is the same file or does not answer. */
export function nodeMajorOf(path: string, environment: NodeJS.ProcessEnv): number {
  return Number.parseInt(nodeVersionOf(path, environment), 10);
}

/** Version of the `node` at `path` (`24.21.0`); of this process when that is the same file or does not answer. */
export function nodeVersionOf(path: string, environment: NodeJS.ProcessEnv): string {
  const own = process.versions.node;
  if (sameFile(path, process.execPath)) return own;
  // Loaded here: the planner hardly ever needs it, and it brings 3 ms of network modules to every start.
  const { spawnSync } = process.getBuiltinModule('node:child_process');
  const { stdout } = spawnSync(path, ['--version'], {
    encoding: 'utf8',
    env: { ...environment, NODE_OPTIONS: '' },
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: 5_000,
  });
  return /^v(\d+\.\d+\.\d+)/.exec(stdout ?? '')?.[1] ?? own;
}

function sameFile(a: string, b: string): boolean {
  try {
    return realpathSync(a) === realpathSync(b);
  } catch {
    return false;
  }
}
