// Finds or fetches the Node binary of a major version; shared by the matrix and by benchmarks that compare versions.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const pins = { 20: '20.20.2', 22: '22.23.3', 24: '24.21.0', 26: '26.10.0' };

/** Majors of Node that Plimsoll supports, as strings. */
export const supportedMajors = Object.keys(pins);

const cache = join(import.meta.dirname, '..', 'node_modules', '.cache', 'nodes');

const windows = process.platform === 'win32';
const name = `node-${windows ? 'win' : process.platform}-${process.arch}`;

function cachedPath(major) {
  return join(cache, String(major), 'node_modules', name, 'bin', windows ? 'node.exe' : 'node');
}

/** Path of a Node binary of `major` that is on this machine: NODE_<major>, the running Node when its major matches, or one that was fetched before. */
export function presentNode(major) {
  const fromEnv = process.env[`NODE_${major}`];
  if (fromEnv) return fromEnv;
  if (process.versions.node.startsWith(`${major}.`)) return process.execPath;
  const cached = cachedPath(major);
  return existsSync(cached) ? cached : undefined;
}

/**
 * {@link presentNode}, else the one fetched from the npm registry (node-<platform>-<arch>) and kept in node_modules/.cache/nodes. Throws when it can be neither
 * found nor fetched.
 */
export function nodeFor(major) {
  const present = presentNode(major);
  if (present !== undefined) return present;
  const bin = cachedPath(major);
  const dir = join(cache, String(major));
  if (!existsSync(bin)) {
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, 'package.json'), '{"private":true}');
    const install = [
      'install',
      '--no-audit',
      '--no-fund',
      '--no-save',
      '--loglevel=error',
      `${name}@${pins[major]}`,
    ];
    execFileSync('npm', install, { cwd: dir, stdio: ['ignore', 'ignore', 'inherit'] });
    for (const unneeded of ['include', 'share']) {
      rmSync(join(dir, 'node_modules', name, unneeded), { recursive: true, force: true });
    }
  }
  return bin;
}
