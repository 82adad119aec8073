import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** Runs a scenario as a process of its own; it writes a snapshot at each count. Returns the paths, oldest first. */
export function grow(program: string, counts: readonly number[], folder: string): string[] {
  const paths = counts.map((count) => join(folder, `${program}-${count}.heapsnapshot`));
  const args = counts.flatMap((count, at) => [String(count), paths[at] ?? '']);
  execFileSync(process.execPath, [join(import.meta.dirname, program), ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  return paths;
}
