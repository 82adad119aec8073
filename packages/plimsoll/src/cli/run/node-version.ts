import { spawnSync } from 'node:child_process';
import { realpathSync } from 'node:fs';

/** Major version of the `node` at `path`; of this process when that is the same file or does not answer. */
export function nodeMajorOf(path: string, environment: NodeJS.ProcessEnv): number {
  const own = Number.parseInt(process.versions.node, 10);
  if (sameFile(path, process.execPath)) return own;
  const { stdout } = spawnSync(path, ['--version'], {
    encoding: 'utf8',
    env: { ...environment, NODE_OPTIONS: '' },
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: 5_000,
  });
  const major = /^v(\d+)\./.exec(stdout ?? '')?.[1];
  return major === undefined ? own : Number(major);
}

function sameFile(a: string, b: string): boolean {
  try {
    return realpathSync(a) === realpathSync(b);
  } catch {
    return false;
  }
}
